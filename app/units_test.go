package app

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"madoguchi/app/apptest"
)

// mostExposed is what systemd-analyze may say of a unit at most: 0 is closed, 10 open.
const mostExposed = 2.0

var exposure = regexp.MustCompile(`Overall exposure level for \S+: ([0-9.]+)`)

func units(t *testing.T, pattern string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(apptest.Root(), "systemd", pattern))
	if err != nil || len(files) == 0 {
		t.Fatalf("no %s in systemd: %v", pattern, err)
	}
	return files
}

func TestServicesAreClosedToWhatTheyDoNotNeed(t *testing.T) {
	for _, file := range units(t, "*.service") {
		cmd := exec.Command("systemd-analyze", "security", "--offline=true", "--no-pager", file)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v: %s", filepath.Base(file), err, out)
		}
		m := exposure.FindSubmatch(out)
		if m == nil {
			t.Fatalf("%s: got no score: %s", filepath.Base(file), out)
		}
		score, err := strconv.ParseFloat(string(m[1]), 64)
		if err != nil || score > mostExposed {
			t.Errorf("%s: got exposure %s, want at most %.1f", filepath.Base(file), m[1], mostExposed)
		}
		t.Logf("%s: exposure %s", filepath.Base(file), m[1])
	}
}

// Every key of the units is one that systemd knows, and every command one that
// this program has.
func TestUnitsAreReadBySystemd(t *testing.T) {
	dir := t.TempDir()
	program := filepath.Join(dir, "madoguchi")
	if err := os.WriteFile(program, []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, file := range slices.Concat(units(t, "*.service"), units(t, "*.timer"), units(t, "*.socket")) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`(?m)^ExecStart=/usr/bin/madoguchi (\S+)`).FindAllStringSubmatch(string(text), -1) {
			if _, ok := lookUp(m[1]); !ok {
				t.Errorf("%s runs %q, which is no command", filepath.Base(file), m[1])
			}
		}
		name := filepath.Join(dir, filepath.Base(file))
		if err := os.WriteFile(name, []byte(strings.ReplaceAll(string(text), "/usr/bin/madoguchi", program)), 0o644); err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	out, err := exec.Command("systemd-analyze", append([]string{"verify", "--man=no", "--recursive-errors=no"}, names...)...).CombinedOutput()
	if err != nil || strings.TrimSpace(string(out)) != "" {
		t.Errorf("got %v: %s", err, out)
	}
}

// The sockets of the units are those that the program takes.
func TestSocketsHaveTheNamesThatTheProgramTakes(t *testing.T) {
	service, err := os.ReadFile(filepath.Join(apptest.Root(), "systemd", "madoguchi.service"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{publicSocket, consoleSocket} {
		file := "madoguchi-" + name + ".socket"
		text, err := os.ReadFile(filepath.Join(apptest.Root(), "systemd", file))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(text), "\nFileDescriptorName="+name+"\n") {
			t.Errorf("%s does not name its socket %s", file, name)
		}
		if !regexp.MustCompile(`(?m)^Sockets=.*` + regexp.QuoteMeta(file)).Match(service) {
			t.Errorf("madoguchi.service does not take %s", file)
		}
	}
}

// What the units' environment file may hold is what the commands read.
func TestExampleEnvironmentNamesWhatCommandsRead(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(apptest.Root(), "systemd", "environment.example"))
	if err != nil {
		t.Fatal(err)
	}
	known := []string{"MADOGUCHI_PEER", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}
	for _, o := range allOptions {
		known = append(known, o.variable())
	}
	for _, m := range regexp.MustCompile(`(?m)^#?([A-Z_]+)=`).FindAllStringSubmatch(string(text), -1) {
		if !slices.Contains(known, m[1]) {
			t.Errorf("%s is read by no command", m[1])
		}
	}
}
