package store

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func TestMain(m *testing.M) {
	if path := os.Getenv("STORE_TEST_DATABASE"); path != "" {
		writeUntilKilled(path)
	}
	os.Exit(m.Run())
}

// writeUntilKilled prints the name of each write after it was answered.
func writeUntilKilled(path string) {
	s, err := Open(context.Background(), Options{Path: path})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	round := s.LastCommit().Sequence
	var wg sync.WaitGroup
	for caller := range 8 {
		wg.Go(func() {
			for i := 0; ; i++ {
				name := fmt.Sprintf("%d.%d.%d", round, caller, i)
				if err := s.Write(context.Background(), set(name, "v")); err != nil {
					fmt.Fprintln(os.Stderr, err)
					os.Exit(1)
				}
				fmt.Println(name)
			}
		})
	}
	wg.Wait()
}

func TestEveryAnsweredWriteSurvivesAKill(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	var answered []string
	for _, lines := range []int{1, 50, 400, 37} {
		answered = append(answered, killAfter(t, path, lines)...)
	}
	s, err := Open(t.Context(), Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, name := range answered {
		if !has(s, name) {
			t.Errorf("%s was answered and is gone", name)
		}
	}
	err = s.Read(t.Context(), func(tx *Tx) error {
		found, err := One[string](tx, `PRAGMA integrity_check`)
		if err == nil && found != "ok" {
			t.Errorf("got %s, want an intact file", found)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func killAfter(t *testing.T, path string, lines int) []string {
	t.Helper()
	child := exec.CommandContext(t.Context(), os.Args[0])
	child.Env = append(os.Environ(), "STORE_TEST_DATABASE="+path)
	var problems strings.Builder
	child.Stderr = &problems
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	var answered []string
	for scan := bufio.NewScanner(out); scan.Scan(); {
		answered = append(answered, scan.Text())
		if len(answered) == lines {
			if err := child.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := child.Wait(); err == nil || problems.Len() > 0 || len(answered) < lines {
		t.Fatalf("got %d answers, %v, %s, want the child killed", len(answered), err, &problems)
	}
	return answered
}
