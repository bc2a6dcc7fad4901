package e2e

import (
	"bufio"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"madoguchi/app/bench"
)

func TestWrongUsageIsNamedAllAtOnce(t *testing.T) {
	w := &town{T: t, dir: t.TempDir()}
	cmd := w.command("serve", "--public", "nowhere", "--console", "127.0.0.1:99999", "--trust-proxy", "perhaps")
	text, status := output(t, cmd)
	if status != 2 {
		t.Errorf("got status %d, want 2", status)
	}
	for _, name := range []string{"--public", "--console", "--trust-proxy"} {
		if !strings.Contains(text, name) {
			t.Errorf("got\n%s\nwant it to name %s", text, name)
		}
	}
	if _, err := os.Stat(w.data()); !os.IsNotExist(err) {
		t.Errorf("got %v, want no data folder after wrong usage", err)
	}
	for args, want := range map[string]int{"": 2, "fly": 2, "help": 0, "serve --help": 0, "serve --fly": 2, "staff": 2, "staff add x": 2, "version": 0, "version x": 2, "restore --at soon": 2} {
		if text, status := output(t, w.binary(strings.Fields(args)...)); status != want {
			t.Errorf("madoguchi %s: got status %d, want %d\n%s", args, status, want, text)
		}
	}
}

func TestEnvironmentCountsAndFlagsWin(t *testing.T) {
	w := &town{T: t, dir: t.TempDir()}
	cmd := w.binary("check", "--console", "127.0.0.1:7002")
	cmd.Env = append(cmd.Env, "MADOGUCHI_PUBLIC=127.0.0.1:7001", "MADOGUCHI_CONSOLE=127.0.0.1:7003", "MADOGUCHI_DATA="+w.data())
	text, status := output(t, cmd)
	if status != 1 || !strings.Contains(text, "127.0.0.1:7001") || !strings.Contains(text, "127.0.0.1:7002") || strings.Contains(text, "7003") {
		t.Errorf("got status %d\n%s\nwant the environment's resident site, the flag's console, and 1 for want of a database", status, text)
	}
	cmd = w.binary("check")
	cmd.Env = append(cmd.Env, "MADOGUCHI_PUBLIC=elsewhere")
	if text, status := output(t, cmd); status != 2 || !strings.Contains(text, "MADOGUCHI_PUBLIC") {
		t.Errorf("got status %d\n%s\nwant the variable named", status, text)
	}
}

var shownPassword = regexp.MustCompile(`仮パスワード\s+([a-z0-9]{4}-[a-z0-9]{4}-[a-z0-9]{4})`)

// A plain serve on an empty folder makes everything and prints the first
// administrator's one-time password once; it ends within five seconds.
func TestServeOnAnEmptyFolder(t *testing.T) {
	w := &town{T: t, dir: t.TempDir()}
	first := w.serve()
	found := shownPassword.FindStringSubmatch(first)
	if found == nil {
		t.Fatalf("got\n%s\nwant a one-time password", first)
	}
	if second := w.serve(); shownPassword.MatchString(second) {
		t.Errorf("got\n%s\nwant the password printed once only", second)
	}
	if text, status := output(t, w.command("demo", "--public", "127.0.0.1:0", "--console", "127.0.0.1:0")); status != 1 || !strings.Contains(text, "架空データでない") {
		t.Errorf("got status %d\n%s\nwant demo refused beside real data", status, text)
	}
}

// serve starts the server, waits for its last line, asks both sites for a page
// and ends it with SIGTERM; it returns what was printed.
func (w *town) serve() (printed string) {
	w.Helper()
	cmd := w.command("serve", "--public", "127.0.0.1:0", "--console", "127.0.0.1:0")
	out, err := cmd.StdoutPipe()
	if err != nil {
		w.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		w.Fatal(err)
	}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		printed += lines.Text() + "\n"
		if strings.Contains(lines.Text(), "Ctrl-C") {
			break
		}
	}
	for _, site := range regexp.MustCompile(`http://\S+`).FindAllString(printed, -1) {
		a, err := bench.NewResident(site, bench.Transport(1)).Get(w.Context(), "/sign-in")
		if err != nil || a.Status != http.StatusOK {
			w.Errorf("%s: status %d, %v", site, a.Status, err)
		}
	}
	begin := time.Now()
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		w.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		w.Errorf("serve ended with %v", err)
	}
	if took := time.Since(begin); took > 5*time.Second {
		w.Errorf("serve took %v to end, want at most 5 s", took)
	}
	return printed
}

// What an operator does beside the running server, and after it.
func TestOperatorsDay(t *testing.T) {
	w := run(t)
	must := func(wantStatus int, want string, command string, args ...string) string {
		t.Helper()
		text, status := output(t, w.command(command, args...))
		if status != wantStatus || !strings.Contains(text, want) {
			t.Errorf("madoguchi %s %v: got status %d\n%s\nwant %d and %q", command, args, status, text, wantStatus, want)
		}
		return text
	}
	staff := func(args ...string) (string, int) {
		return output(t, w.binary(append([]string{"staff", "--data", w.data()}, args...)...))
	}
	if text, status := staff("add", "saburo", "受付 三郎", "--role", "administrator"); status != 0 || !shownPassword.MatchString(text) {
		t.Errorf("got status %d\n%s\nwant a one-time password", status, text)
	}
	if text, status := staff("add", "saburo", "別人"); status != 1 || !strings.Contains(text, "使われています") {
		t.Errorf("got status %d\n%s", status, text)
	}
	for _, args := range [][]string{{"reset", "saburo"}, {"unlock", "saburo"}, {"disable", "saburo"}, {"enable", "saburo"}} {
		if text, status := staff(args...); status != 0 {
			t.Errorf("staff %v: got status %d\n%s", args, status, text)
		}
	}
	if text, _ := staff("list"); !strings.Contains(text, "saburo") || !strings.Contains(text, "管理者") {
		t.Errorf("got\n%s\nwant saburo, an administrator", text)
	}
	must(1, "別のmadoguchi", "restore")
	time.Sleep(2 * time.Second) // more than the copy needs to catch up
	checked := must(0, "複製の遅れ 0 秒", "check")
	for _, part := range []string{"スキーマの版", "整合性に問題はありません", "最後に受け付けた予約", w.data()} {
		if !strings.Contains(checked, part) {
			t.Errorf("got\n%s\nwant check to say %q", checked, part)
		}
	}
	w.down()
	must(0, "複製の遅れ 0 秒", "check")
	must(0, "最も新しい予約", "restore")
	aside, err := filepath.Glob(filepath.Join(w.data(), "replaced-*"))
	if err != nil || len(aside) != 1 {
		t.Errorf("got %v, %v, want the replaced files kept", aside, err)
	}
	w.up() // and it goes on from there
	if _, status := output(t, w.binary("restore", "--data", filepath.Join(w.dir, "new"), "--replica", filepath.Join(w.dir, "nothing"))); status != 1 {
		t.Errorf("got status %d for a restore from nothing, want 1", status)
	}
}
