package restore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/benbjohnson/litestream"
	"github.com/benbjohnson/litestream/file"
	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
	"github.com/superfly/ltx"

	"madoguchi/store"
	"madoguchi/store/replica"
)

// copyEach makes n commits and copies each into a file of its own, as fast as
// it goes: what an hour without merging would leave.
func copyEach(t *testing.T, database, folder string, n int) {
	t.Helper()
	serve(t, database, target(t, folder), func(*store.Store, *replica.Replica) {})
	folder = epochFolder(t, target(t, folder))
	st, err := store.Open(t.Context(), store.Options{Path: database})
	if err != nil {
		t.Fatal(err)
	}
	db := litestream.NewDB(database)
	db.MonitorInterval = 0
	db.Replica = litestream.NewReplicaWithClient(db, file.NewReplicaClient(folder))
	db.Replica.MonitorEnabled = false
	db.SetLogger(quiet())
	if err := db.Open(); err != nil {
		t.Fatal(err)
	}
	for i := range n {
		write(t, st, fmt.Sprintf("%05d", i))
		if err := db.SyncAndWait(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(st.Close(), db.Close(t.Context())); err != nil {
		t.Fatal(err)
	}
}

func TestMain(m *testing.M) {
	if database := os.Getenv("RESTORE_TEST_SERVE"); database != "" {
		fmt.Fprintln(os.Stderr, serveUntilKilled(database, os.Getenv("RESTORE_TEST_TARGET")))
		os.Exit(1)
	}
	if database := os.Getenv("RESTORE_TEST_DATABASE"); database != "" {
		if err := restoreWithFewFiles(database, os.Getenv("RESTORE_TEST_TARGET")); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func restoreWithFewFiles(database, address string) error {
	few := syscall.Rlimit{Cur: 256, Max: 256}
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &few); err != nil {
		return err
	}
	tg, err := replica.Parse(address)
	if err != nil {
		return err
	}
	p, err := Prepare(context.Background(), Options{Target: tg, Path: database})
	if err != nil {
		return err
	}
	_, err = Run(context.Background(), p, nil)
	return err
}

// repeatLast adds files up to the given number, each with the pages of the last.
func repeatLast(t *testing.T, folder string, upTo ltx.TXID) {
	t.Helper()
	chosen, err := choose(t.Context(), Options{Target: target(t, folder)})
	if err != nil {
		t.Fatal(err)
	}
	last := chosen.files[len(chosen.files)-1]
	folder = epochFolder(t, target(t, folder))
	path := func(n ltx.TXID) string { return litestream.LTXFilePath(folder, 0, n, n) }
	for n := last.MaxTXID + 1; n <= upTo; n++ {
		if err := renumber(path(last.MaxTXID), path(n), n); err != nil {
			t.Fatal(err)
		}
	}
}

func renumber(from, to string, number ltx.TXID) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	defer out.Close()
	dec := ltx.NewDecoder(in)
	enc, err := ltx.NewEncoder(out)
	if err := errors.Join(err, dec.DecodeHeader()); err != nil {
		return err
	}
	header := dec.Header()
	header.MinTXID, header.MaxTXID = number, number
	if err := enc.EncodeHeader(header); err != nil {
		return err
	}
	var page ltx.PageHeader
	data := make([]byte, header.PageSize)
	for {
		err := dec.DecodePage(&page, data)
		if errors.Is(err, io.EOF) {
			return errors.Join(enc.Close(), out.Close())
		}
		if err := errors.Join(err, enc.EncodePage(ltx.PageHeader{Pgno: page.Pgno}, data)); err != nil {
			return err
		}
	}
}

func TestThousandsOfFilesNeedFewOpenOnes(t *testing.T) {
	const many = 3000
	database, tg := places(t)
	copyEach(t, database, tg.Folder(), 20)
	want := names(t, database)
	repeatLast(t, tg.Folder(), many)
	if chosen, err := choose(t.Context(), Options{Target: tg}); err != nil || len(chosen.files) != many {
		t.Fatalf("got %d files, %v, want %d", len(chosen.files), err, many)
	}
	to := filepath.Join(t.TempDir(), "restored.db")
	child := exec.CommandContext(t.Context(), os.Args[0])
	child.Env = append(os.Environ(), "RESTORE_TEST_DATABASE="+to, "RESTORE_TEST_TARGET="+tg.Folder())
	if out, err := child.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	wantNames(t, names(t, to), want...)
}

func TestMergingInManyRoundsGivesTheSame(t *testing.T) {
	database, tg := places(t)
	copyEach(t, database, tg.Folder(), 40)
	want := names(t, database)
	chosen, err := choose(t.Context(), Options{Target: tg})
	if err != nil {
		t.Fatal(err)
	}
	files := chosen.files
	for _, window := range []int{2, 3, 7, len(files) - 2, len(files) - 1, len(files)} {
		a := assembly{client: chosen.client, spool: t.TempDir(), window: window}
		to := filepath.Join(t.TempDir(), "restored.db")
		if err := a.run(t.Context(), files, to); err != nil {
			t.Fatalf("window %d: %v", window, err)
		}
		wantNames(t, names(t, to), want...)
	}
}

func TestBucketIsRestoredFrom(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "id")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	backend := s3mem.New()
	if err := backend.CreateBucket("copies"); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(gofakes3.New(backend, gofakes3.WithLogger(gofakes3.DiscardLog())).Server())
	defer server.Close()
	tg := target(t, "s3://copies/madoguchi?region=jp-east-1&endpoint="+server.URL)
	database, _ := places(t)
	var at time.Time
	serve(t, database, tg, func(st *store.Store, rep *replica.Replica) {
		write(t, st, "a")
		awaitCopy(t, rep)
		var err error
		if at, _, err = replica.Position(t.Context(), tg); err != nil {
			t.Fatal(err)
		}
		write(t, st, "b")
	})
	restore(t, Options{Target: tg, Path: database, At: at})
	wantNames(t, names(t, database), "a")
	restore(t, Options{Target: tg, Path: database, Clock: nth(1)})
	wantNames(t, names(t, database), "a", "b")
}

func TestPlanSaysWhatWillHappen(t *testing.T) {
	database, tg := places(t)
	serve(t, database, tg, func(st *store.Store, _ *replica.Replica) { write(t, st, "a") })
	at := time.Now().Add(time.Hour)
	for name, c := range map[string]struct {
		options Options
		want    []string
	}{
		"newest, over a database": {Options{Target: tg, Path: database, Clock: nth(5)},
			[]string{tg.String(), "いちばん新しい複製", "個（", "20260401-180005 へ移します"}},
		"a point, into nothing": {Options{Target: tg, Path: database + ".new", At: at},
			[]string{"復旧時点は " + clock(at), "いまデータベースがありません"}},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := Prepare(t.Context(), c.options)
			if err != nil {
				t.Fatal(err)
			}
			text := strings.Join(p.Sentences, "\n")
			for _, part := range append(c.want, clock(p.Newest), size(p.Bytes)) {
				if !strings.Contains(text, part) {
					t.Errorf("got\n%s\nwant %q in it", text, part)
				}
			}
		})
	}
}

func TestSizesAreReadable(t *testing.T) {
	for bytes, want := range map[int64]string{0: "0 バイト", 999: "999 バイト", 1000: "1.0 KB", 12_345_678: "12.3 MB"} {
		if got := size(bytes); got != want {
			t.Errorf("%d: got %s, want %s", bytes, got, want)
		}
	}
}

// TestManySmallFilesFarAway restores a thousand small files, each 30 ms away,
// with few connections. RESTORE_LIMIT makes it the promise of one command back:
// ten thousand within that time, on a machine that does nothing else.
func TestManySmallFilesFarAway(t *testing.T) {
	many, away, most := ltx.TXID(1000), 30*time.Millisecond, time.Hour
	if limit, err := time.ParseDuration(os.Getenv("RESTORE_LIMIT")); err == nil {
		many, most = 10_000, limit
	}
	t.Setenv("AWS_ACCESS_KEY_ID", "id")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	database, near := places(t)
	copyEach(t, database, near.Folder(), 20)
	want := names(t, database)
	repeatLast(t, near.Folder(), many)
	backend := s3mem.New()
	if err := backend.CreateBucket("copies"); err != nil {
		t.Fatal(err)
	}
	upload(t, backend, near.Folder())
	handler := gofakes3.New(backend, gofakes3.WithLogger(gofakes3.DiscardLog())).Server()
	var open, worst atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := open.Add(1)
		defer open.Add(-1)
		for old := worst.Load(); n > old && !worst.CompareAndSwap(old, n); old = worst.Load() {
		}
		time.Sleep(away)
		handler.ServeHTTP(w, r)
	}))
	defer server.Close()
	to := filepath.Join(t.TempDir(), "restored.db")
	begin := time.Now()
	restore(t, Options{Target: target(t, "s3://copies/madoguchi?region=jp-east-1&endpoint="+server.URL), Path: to})
	took := time.Since(begin)
	t.Logf("%d files at %v: %v, %d requests at once", many, away, took.Round(10*time.Millisecond), worst.Load())
	if took > most || worst.Load() > fetchers {
		t.Errorf("took %v with %d requests at once, want at most %v and %d", took, worst.Load(), most, fetchers)
	}
	wantNames(t, names(t, to), want...)
}

func upload(t *testing.T, backend gofakes3.Backend, folder string) {
	t.Helper()
	err := fs.WalkDir(os.DirFS(folder), ".", func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		text, err := os.ReadFile(filepath.Join(folder, path))
		if err != nil {
			return err
		}
		_, err = backend.PutObject("copies", "madoguchi/"+path, nil, bytes.NewReader(text), int64(len(text)), nil)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
