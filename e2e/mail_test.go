package e2e

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"madoguchi/app/apptest"
	"madoguchi/app/bench"
	"madoguchi/store"
)

// withMail starts the demo's town with a mail server at an address.
func withMail(t *testing.T, server *apptest.MailServer, extra ...string) *town {
	t.Helper()
	w := &town{T: t, dir: t.TempDir()}
	public := freeAddress(t)
	for name, text := range map[string][]byte{"ca.pem": server.PEM, "password": []byte("secret\n")} {
		if err := os.WriteFile(filepath.Join(w.dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	w.extra = append([]string{
		"--public", public, "--site-url", "http://" + public, "--mail-from", "yoyaku@town.example.jp",
		"--smtp-host", server.Host, "--smtp-port", fmt.Sprint(server.Port), "--smtp-tls", "starttls", "--smtp-ca-file", filepath.Join(w.dir, "ca.pem"),
		"--smtp-user", "town", "--smtp-password-file", filepath.Join(w.dir, "password"),
	}, extra...)
	w.up()
	t.Cleanup(w.down)
	return w
}

var signedIn = apptest.MailServerOptions{StartTLS: true, User: "town", Password: "secret"}

// arrived waits for a mail to an address whose subject begins so.
func (w *town) arrived(server *apptest.MailServer, to, subject string) apptest.Taken {
	w.Helper()
	for {
		for _, m := range server.Taken() {
			if m.To == to && strings.HasPrefix(m.Subject, subject) {
				return m
			}
		}
		select {
		case <-w.Context().Done():
			w.Fatalf("no mail to %s: %s", to, subject)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// sent fails unless an answer leads on.
func (w *town) sent(a bench.Answer, err error) bench.Answer {
	w.Helper()
	if err != nil || a.Status != http.StatusSeeOther {
		w.Fatalf("got status %d, %v, want 303", a.Status, err)
	}
	return a
}

// submit opens a page and sends its form to an address, with values of its own.
func (w *town) submit(r *bench.Resident, page, action string, values map[string]string) bench.Answer {
	w.Helper()
	a, err := r.Get(w.Context(), page)
	if err != nil {
		w.Fatal(err)
	}
	f, err := a.FormTo(action)
	if err != nil {
		w.Fatalf("%s: %v", page, err)
	}
	for name, value := range values {
		f.Values.Set(name, value)
	}
	a, err = r.Send(w.Context(), f)
	if err != nil {
		w.Fatal(err)
	}
	return a
}

var mailLink = regexp.MustCompile(`http://[0-9.:]+(/mail/confirm/\S+)`)

// booksByMail is a resident who books and gives an address.
func (w *town) booksByMail(who bench.Person, slot, address string) *bench.Resident {
	w.Helper()
	r := bench.NewResident(w.start.Public, bench.Transport(2))
	if err := r.SignIn(w.Context(), who.Number, who.BirthDate); err != nil {
		w.Fatal(err)
	}
	f, err := r.Choose(w.Context(), slot)
	if err != nil {
		w.Fatal(err)
	}
	w.sent(r.Send(w.Context(), f))
	if a := w.submit(r, "/mail", "/mail", map[string]string{"mail": address}); a.Status != http.StatusSeeOther && a.Status != http.StatusOK {
		w.Fatalf("%s: got status %d", address, a.Status)
	}
	return r
}

// confirms opens the link of a mail on another device and presses its button.
func (w *town) confirms(m apptest.Taken) {
	w.Helper()
	link := mailLink.FindStringSubmatch(m.Body)
	if link == nil || !strings.HasPrefix(link[0], w.start.Public) {
		w.Fatalf("no link to %s in\n%s", w.start.Public, m.Body)
	}
	other := bench.NewResident(w.start.Public, bench.Transport(1))
	w.sent(w.submit(other, link[1], link[1], nil), nil)
}

// TestMailsOfAVisit: the program as a process, a mail server that demands TLS
// and a password, and everything a resident hears of one visit.
func TestMailsOfAVisit(t *testing.T) {
	t.Parallel()
	server := apptest.NewMailServer(t, signedIn)
	w := withMail(t, server)
	who, slots := w.unbooked(1)[0], w.free(2)
	r := w.booksByMail(who, slots[0].Ref, "hanako@example.jp")
	asked := w.arrived(server, "hanako@example.jp", "メールアドレスの確認")
	if !asked.Secure || asked.User != "town" || asked.From != "yoyaku@town.example.jp" {
		t.Errorf("got a mail from %s by %q, secure %v", asked.From, asked.User, asked.Secure)
	}
	w.confirms(asked)
	booked := w.arrived(server, "hanako@example.jp", "予約を受け付けました")
	number := regexp.MustCompile(`予約番号　(\S+)`).FindStringSubmatch(booked.Body)
	if number == nil || !strings.Contains(booked.Body, w.start.Public) {
		t.Fatalf("got\n%s\nwant the number and the site", booked.Body)
	}
	f, err := r.Choose(t.Context(), slots[1].Ref)
	if err != nil {
		t.Fatal(err)
	}
	w.sent(r.Send(t.Context(), f))
	if m := w.arrived(server, "hanako@example.jp", "予約を変更しました"); !strings.Contains(m.Body, number[1]) {
		t.Errorf("got\n%s\nwant the number %s", m.Body, number[1])
	}
	w.sent(w.submit(r, "/booking/cancel", "/booking/cancel", nil), nil)
	w.arrived(server, "hanako@example.jp", "予約を取り消しました")
	for _, m := range server.Taken() {
		if strings.Contains(m.Body, who.Number) || m.Header.Get("Message-Id") == "" {
			t.Errorf("%s: shows the notice number, or has no Message-ID", m.Subject)
		}
	}
	if n := len(server.Taken()); n != 4 {
		t.Errorf("got %d mails, want 4", n)
	}
}

// TestMailServersThatMisbehave: one that is away when the mail is due, puts off
// who it does not know, takes its time and refuses for good. What can arrive
// does, once, and staff see what cannot.
func TestMailServersThatMisbehave(t *testing.T) {
	t.Parallel()              // it waits for a minute
	address := freeAddress(t) // where the server will be, later
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	at := &apptest.MailServer{Host: "127.0.0.1", PEM: apptest.NewMailServer(t, signedIn).PEM}
	if at.Port, err = strconv.Atoi(port); err != nil {
		t.Fatal(err)
	}
	w := withMail(t, at, "--smtp-tls", "none", "--smtp-user", "", "--smtp-password-file", "")
	people, slots := w.unbooked(4), w.free(4)
	addresses := []string{"down@example.jp", "grey@example.jp", "slow@example.jp", "gone@example.jp"}
	w.booksByMail(people[0], slots[0].Ref, addresses[0])
	w.awaitMails(`attempts = 1 AND state = 'waiting'`, 1) // nobody was there
	server := apptest.NewMailServer(t, apptest.MailServerOptions{Address: address})
	grey := 0
	server.Refuse(func(step, to string, _ int) error {
		switch {
		case step == "rcpt" && to == "grey@example.jp":
			if grey++; grey == 1 {
				return apptest.Answer(450, [3]int{4, 7, 1}, "greylisted, try again later")
			}
		case step == "data" && to == "slow@example.jp":
			time.Sleep(5 * time.Second)
		case step == "rcpt" && to == "gone@example.jp":
			return apptest.Answer(550, [3]int{5, 1, 1}, "no such user")
		}
		return nil
	})
	for i := 1; i < len(people); i++ {
		w.booksByMail(people[i], slots[i].Ref, addresses[i])
	}
	for _, to := range addresses[:3] { // the first two after their minute
		w.confirms(w.arrived(server, to, "メールアドレスの確認"))
		w.arrived(server, to, "予約を受け付けました")
	}
	w.awaitMails(`state = 'failed'`, 1)
	for _, to := range addresses[:3] {
		n := 0
		for _, m := range server.Taken() {
			if m.To == to {
				n++
			}
		}
		if n != 2 {
			t.Errorf("%s got %d mails, want each of the two once", to, n)
		}
	}
	a, err := w.desk().Get(t.Context(), "/mails")
	if err != nil || !strings.Contains(string(a.Body), "宛先のメールアドレスがありません") {
		t.Errorf("got status %d, %v, want staff told why", a.Status, err)
	}
}

// desk is a member of staff who has signed in and chosen a password, without a
// browser.
func (w *town) desk() *bench.Resident {
	w.Helper()
	r := bench.NewResident(w.start.Console, bench.Transport(2))
	if a := w.submit(r, "/sign-in", "/sign-in", map[string]string{"staff_id": w.start.StaffID, "password": w.start.Password}); a.Status != http.StatusSeeOther {
		w.Fatalf("sign in: status %d", a.Status)
	}
	const chosen = "umi-no-soba-47"
	w.sent(w.submit(r, "/password", "/password", map[string]string{"current": w.start.Password, "new": chosen, "again": chosen}), nil)
	w.start.Password = chosen
	return r
}

func (w *town) awaitMails(where string, n int) {
	w.Helper()
	for {
		got := 0
		w.read(func(tx *store.Tx) (err error) {
			got, err = store.One[int](tx, `SELECT count(*) FROM mail WHERE `+where)
			return err
		})
		if got == n {
			return
		}
		select {
		case <-w.Context().Done():
			w.Fatalf("got %d mails where %s, want %d", got, where, n)
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// freeAddress is an address on loopback that nobody uses at the moment.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
