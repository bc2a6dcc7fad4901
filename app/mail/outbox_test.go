package mail_test

import (
	"context"
	"errors"
	"net"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"madoguchi/app/apptest"
	"madoguchi/app/booking"
	"madoguchi/app/card"
	"madoguchi/app/mail"
	"madoguchi/app/settings"
	"madoguchi/store"
)

func (w *town) want(v booking.Visit, want ...string) {
	w.Helper()
	if got := w.about(v); !slices.Equal(got, want) {
		w.Errorf("got mails %q, want %q", got, want)
	}
}

func TestMailCarriesTheFactsOfTheBooking(t *testing.T) {
	w := newTown(t, 1)
	server := apptest.NewMailServer(t, apptest.MailServerOptions{})
	v := w.book(0, 1)
	if n := w.empty(w.outbox(server)); n != 1 {
		t.Fatalf("got %d mails sent, want 1: %v", n, w.about(v))
	}
	got := server.Taken()[0]
	if got.To != address(0) || got.From != "yoyaku@town.example.jp" {
		t.Errorf("went from %s to %s", got.From, got.To)
	}
	for _, part := range []string{"令和8年（2026年）12月3日（木）", "午前9時", "本庁舎", "大字苫米地1-1", "0178-00-0002", v.Number.String(), "https://yoyaku.example.jp\n", "0178-00-0001", "カードの受け取り"} {
		if !strings.Contains(got.Body, part) {
			t.Errorf("the mail does not say %q:\n%s", part, got.Body)
		}
	}
	for _, secret := range []string{"山田", "花子", "秘密", "ABC-000000", "1948"} {
		if strings.Contains(got.Body+got.Subject, secret) {
			t.Errorf("the mail tells %q", secret)
		}
	}
	if !strings.HasPrefix(got.Subject, "予約を受け付けました") || got.Header.Get("Auto-Submitted") != "auto-generated" ||
		!strings.Contains(got.Header.Get("Content-Type"), "UTF-8") || got.Header.Get("Message-Id") == "" || got.Header.Get("Date") == "" {
		t.Errorf("got subject %q and header %v", got.Subject, got.Header)
	}
	w.want(v, "booked sent")
	if n := w.empty(w.outbox(server)); n != 0 || len(server.Taken()) != 1 {
		t.Errorf("it was sent again")
	}
}

func TestNothingIsSentOfWhatWasRolledBack(t *testing.T) {
	w := newTown(t, 1)
	server := apptest.NewMailServer(t, apptest.MailServerOptions{})
	stop := errors.New("stop")
	err := w.st.Write(t.Context(), func(tx *store.Tx) error {
		_, err := booking.Book(tx, w.by, booking.Wish{Card: w.cards[0].ID, Slot: w.slots[0].Ref, Channel: booking.Web, Seat: booking.ResidentSeat})
		return errors.Join(err, stop)
	})
	if !errors.Is(err, stop) {
		t.Fatal(err)
	}
	if n := w.empty(w.outbox(server)); n != 0 || len(server.Taken()) != 0 {
		t.Errorf("got %d mails about a booking that is none", n)
	}
}

func TestConnectionIsKeptSafe(t *testing.T) {
	for _, c := range []struct {
		name   string
		server apptest.MailServerOptions
		change func(*mail.Server)
		want   string // "": it is sent
	}{
		{"STARTTLS with user and password", apptest.MailServerOptions{StartTLS: true, User: "town", Password: "secret"},
			func(s *mail.Server) { s.TLS, s.User, s.Password = mail.StartTLS, "town", "secret" }, ""},
		{"TLS from the first byte with user and password", apptest.MailServerOptions{TLS: true, User: "town", Password: "secret"},
			func(s *mail.Server) { s.TLS, s.User, s.Password = mail.DirectTLS, "town", "secret" }, ""},
		{"a certificate of nobody known is refused", apptest.MailServerOptions{StartTLS: true},
			func(s *mail.Server) { s.TLS, s.CA = mail.StartTLS, nil }, "tls"},
		{"a certificate of nobody known is refused at once", apptest.MailServerOptions{TLS: true},
			func(s *mail.Server) { s.TLS, s.CA = mail.DirectTLS, nil }, "tls"},
		{"a server without STARTTLS gets nothing", apptest.MailServerOptions{}, func(s *mail.Server) { s.TLS = mail.StartTLS }, "tls"},
		{"a wrong password", apptest.MailServerOptions{StartTLS: true, User: "town", Password: "secret"},
			func(s *mail.Server) { s.TLS, s.User, s.Password = mail.StartTLS, "town", "guess" }, "sign_in"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newTown(t, 1)
			server := apptest.NewMailServer(t, c.server)
			o := w.outbox(server)
			c.change(o.Server)
			v := w.book(0, 0)
			w.empty(o)
			if c.want != "" {
				w.want(v, "booked waiting "+c.want)
				if len(server.Taken()) != 0 {
					t.Error("a mail went all the same")
				}
				return
			}
			w.want(v, "booked sent")
			if got := server.Taken(); len(got) != 1 || !got[0].Secure || got[0].User != c.server.User {
				t.Errorf("got %+v, want one mail over TLS by the user", got)
			}
		})
	}
}

func TestRefusalsAreToldApart(t *testing.T) {
	for _, c := range []struct {
		name string
		step string
		err  error
		want string
	}{
		{"no such mailbox", "rcpt", apptest.Answer(550, [3]int{5, 1, 1}, "person0@example.jp unknown"), "failed no_address"},
		{"mailbox full", "rcpt", apptest.Answer(552, [3]int{5, 2, 2}, "full"), "failed mailbox_full"},
		{"spam rules at the recipient", "rcpt", apptest.Answer(550, [3]int{5, 7, 1}, "no"), "failed refused"},
		{"content not wanted", "data", apptest.Answer(554, [3]int{5, 6, 0}, "no"), "failed refused"},
		{"greylisting", "rcpt", apptest.Answer(451, [3]int{4, 7, 1}, "come again"), "waiting later"},
		{"busy after the data", "data", apptest.Answer(452, [3]int{4, 3, 1}, "disk"), "waiting later"},
		{"our own address refused", "mail", apptest.Answer(550, [3]int{5, 7, 1}, "sender"), "waiting sender"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newTown(t, 1)
			server := apptest.NewMailServer(t, apptest.MailServerOptions{})
			server.Refuse(func(step, _ string, _ int) error {
				if step == c.step {
					return c.err
				}
				return nil
			})
			v := w.book(0, 0)
			w.empty(w.outbox(server))
			w.want(v, "booked "+c.want)
			apptest.Read(t, w.st, func(tx *store.Tx) error {
				rows, err := mail.About(tx, v.Booking.Ref)
				if err != nil {
					return err
				}
				tries, err := mail.Attempts(tx, rows[0].ID)
				if len(tries) != 1 || tries[0].Outcome == "" || tries[0].Code == 0 || tries[0].Why.Label() == "" {
					t.Errorf("got attempts %+v, want one with its answer", tries)
				}
				return err
			})
		})
	}
}

// A server that is down, one that says nothing and one that greylists: the mail
// is tried again, later and later, and arrives once the server takes it.
func TestMailIsTriedAgainUntilItIsTaken(t *testing.T) {
	w := newTown(t, 1)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	o := w.outbox(&apptest.MailServer{Host: "127.0.0.1", Port: portOf(at)})
	v := w.book(0, 2)
	w.empty(o)
	w.want(v, "booked waiting unreachable")
	w.empty(o) // not yet due
	w.clock.Advance(59 * time.Second)
	w.empty(o)
	w.wantTries(v, 1)

	silent := apptest.NewMailServer(t, apptest.MailServerOptions{Silent: true})
	o.Server.Port, o.Server.Timeout = silent.Port, 200*time.Millisecond
	w.clock.Advance(time.Second)
	w.empty(o)
	w.want(v, "booked waiting timeout")
	w.wantTries(v, 2)

	server := apptest.NewMailServer(t, apptest.MailServerOptions{})
	server.Refuse(func(step, _ string, try int) error {
		if step == "rcpt" && try == 1 {
			return apptest.Answer(450, [3]int{4, 2, 0}, "greylisted")
		}
		return nil
	})
	o.Server.Port, o.Server.Timeout = server.Port, 5*time.Second
	w.clock.Advance(5 * time.Minute)
	w.empty(o)
	w.want(v, "booked waiting later")
	w.clock.Advance(15 * time.Minute)
	w.empty(o)
	w.want(v, "booked sent")
	w.wantTries(v, 4)
	if got := server.Taken(); len(got) != 1 {
		t.Errorf("got %d mails, want one", len(got))
	}
}

func portOf(address string) (port int) {
	_, text, _ := strings.Cut(address, ":")
	for _, d := range text {
		port = port*10 + int(d-'0')
	}
	return port
}

func (w *town) wantTries(v booking.Visit, want int) {
	w.Helper()
	apptest.Read(w.T, w.st, func(tx *store.Tx) error {
		rows, err := mail.About(tx, v.Booking.Ref)
		if err == nil && rows[0].Attempts != want {
			w.Errorf("got %d attempts, want %d", rows[0].Attempts, want)
		}
		return err
	})
}

func TestMailIsGivenUpAfterThreeDaysAndSentAgainWhenStaffAsk(t *testing.T) {
	w := newTown(t, 1)
	o := w.outbox(&apptest.MailServer{Host: "127.0.0.1", Port: 1})
	v := w.book(0, 0)
	w.write(func(tx *store.Tx) error { // a visit far away, so that the mail stays of use
		_, err := tx.Exec(`UPDATE slot SET held_on = '2027-03-01' WHERE id = ?`, v.SlotID)
		return err
	})
	for range 60 {
		w.empty(o)
		w.clock.Advance(2 * time.Hour)
	}
	w.want(v, "booked failed unreachable")
	var lines []mail.Line
	apptest.Read(t, w.st, func(tx *store.Tx) (err error) {
		lines, err = mail.List(tx, mail.Failed, nil)
		return err
	})
	if len(lines) != 1 || lines[0].Attempts < 10 || lines[0].EndedAt.Sub(lines[0].QueuedAt) > 72*time.Hour || !lines[0].Why.Ours() {
		t.Fatalf("got %+v, want one mail given up after three days", lines)
	}
	server := apptest.NewMailServer(t, apptest.MailServerOptions{})
	w.write(func(tx *store.Tx) error {
		n, err := mail.SendAllAgain(tx, w.by, nil)
		if n != 1 {
			t.Errorf("got %d sent again, want 1", n)
		}
		return err
	})
	w.empty(w.outbox(server))
	w.want(v, "booked sent")
	if err := w.st.Write(t.Context(), func(tx *store.Tx) error { return mail.SendAgain(tx, w.by, lines[0].Ref) }); !errors.Is(err, mail.NotOver) {
		t.Errorf("got %v, want a mail that was sent not to be sent again", err)
	}
}

func TestWhatIsOfNoUseIsNotSent(t *testing.T) {
	w := newTown(t, 4)
	server := apptest.NewMailServer(t, apptest.MailServerOptions{})
	o := w.outbox(server)

	over := w.book(0, 0) // tomorrow; nothing is sent until it is over
	changed := w.book(1, 1)
	w.write(func(tx *store.Tx) (err error) {
		changed, err = booking.Change(tx, w.by, changed.Booking.Ref, changed.Version, booking.Wish{Slot: w.slots[2].Ref, Channel: booking.Web, Seat: booking.ResidentSeat})
		return err
	})
	cancelled := w.book(2, 2)
	w.write(func(tx *store.Tx) (err error) {
		cancelled, err = booking.Cancel(tx, w.by, cancelled.Booking.Ref, cancelled.Version)
		return err
	})
	removed := w.book(3, 2)
	w.write(func(tx *store.Tx) error { return card.ForgetMail(tx, w.by, w.cards[3].Person()) })
	w.clock.Advance(26 * time.Hour)
	w.empty(o)
	w.want(over, "booked dropped stale")
	w.want(changed, "booked dropped overtaken", "changed sent")
	w.want(cancelled, "booked dropped stale", "cancelled sent")
	w.want(removed, "booked dropped no_address_on")
}

func TestWithoutAMailServerNothingIsTried(t *testing.T) {
	w := newTown(t, 1)
	v := w.book(0, 0)
	o := w.outbox(nil)
	w.empty(o)
	w.want(v, "booked waiting")
	w.wantTries(v, 0)
	w.clock.Advance(25 * time.Hour)
	w.empty(o)
	w.want(v, "booked dropped stale")
}

// The program ends in the middle of a mail: nobody knows whether it was taken.
// It goes again, under the same number, and no third time.
func TestInterruptedMailGoesAgainUnderTheSameNumber(t *testing.T) {
	w := newTown(t, 2)
	server := apptest.NewMailServer(t, apptest.MailServerOptions{})
	ctx, cut := context.WithCancel(t.Context())
	server.Refuse(func(step, _ string, try int) error {
		if step == "data" && try == 1 {
			cut()
			time.Sleep(50 * time.Millisecond)
		}
		return nil
	})
	o := w.outbox(server)
	first, second := w.book(0, 0), w.book(1, 0)
	began := time.Now()
	if _, err := o.Empty(ctx); err != nil {
		t.Fatal(err)
	}
	if waited := time.Since(began); waited > 3*time.Second {
		t.Errorf("it took %v to end", waited)
	}
	w.want(first, "booked waiting interrupted")
	w.want(second, "booked waiting interrupted")

	// As after a kill: an attempt under way that nobody finished.
	w.write(func(tx *store.Tx) error {
		_, err := tx.Exec(`UPDATE mail SET state = 'sending' WHERE booking_ref = ?`, first.Booking.Ref)
		return err
	})
	w.write(func(tx *store.Tx) error {
		_, err := tx.Exec(`UPDATE mail_attempt SET outcome = '', ended_at = NULL WHERE mail_id = (SELECT id FROM mail WHERE booking_ref = ?)`, first.Booking.Ref)
		return err
	})
	if w.empty(o) != 1 { // the second only
		t.Error("a mail under way was claimed twice")
	}
	if err := o.Recover(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.empty(o)
	w.empty(o)
	w.want(first, "booked sent")
	ids := map[string]int{}
	for _, m := range server.Taken() {
		ids[m.Header.Get("Message-Id")]++
	}
	if len(ids) != 2 {
		t.Errorf("got numbers %v, want one for each mail however often it went", ids)
	}
}

var httpsLink = regexp.MustCompile(`https://\S+`)

func TestReminderComesTheDayBeforeOnceWithALinkToCancel(t *testing.T) {
	w := newTown(t, 3)
	server := apptest.NewMailServer(t, apptest.MailServerOptions{})
	o := w.outbox(server)
	v, later, late := w.book(0, 1), w.book(1, 2), booking.Visit{}
	w.write(func(tx *store.Tx) error { return w.giveAddress(tx, 0, "en") })
	w.empty(o)
	remind := func() (n int) {
		w.write(func(tx *store.Tx) (err error) { n, err = booking.RemindOf(tx); return err })
		return n
	}
	w.clock.Advance(24 * time.Hour) // Wednesday 9:00, the visit is on Thursday
	if n := remind(); n != 0 {
		t.Errorf("got %d reminders before the town's hour", n)
	}
	w.clock.Advance(time.Hour)
	late = w.book(2, 1)
	if n := remind() + remind(); n != 1 {
		t.Errorf("got %d reminders, want one: %v %v %v", n, w.about(v), w.about(later), w.about(late))
	}
	w.empty(o)
	all := server.Taken()
	got := all[len(all)-1]
	if got.To == address(2) {
		got = all[len(all)-2]
	}
	links := httpsLink.FindAllString(got.Body, -1)
	if got.To != address(0) || !strings.Contains(got.Subject, "tomorrow") || !strings.Contains(got.Subject, "Thursday 3 December 2026") ||
		len(links) != 1 || !strings.HasPrefix(links[0], "https://yoyaku.example.jp/en/mail/cancel/") {
		t.Fatalf("got to %s: %s\n%s", got.To, got.Subject, got.Body)
	}
	token := links[0][strings.LastIndex(links[0], "/")+1:]
	w.write(func(tx *store.Tx) error {
		l, err := mail.FindLink(tx, mail.ToCancel, token)
		if l.About != v.Booking.Ref || l.CardID != int64(w.cards[0].ID) {
			t.Errorf("got %+v, want the booking of the mail", l)
		}
		if _, err := mail.FindLink(tx, mail.ToConfirm, token); !errors.Is(err, mail.LinkOver) {
			t.Errorf("got %v: the link is good for something else", err)
		}
		kept, keptErr := store.All[string](tx, `SELECT token_hash FROM mail_link`)
		if slices.Contains(kept, token) || keptErr != nil {
			t.Error("the link stands in the database as it is")
		}
		return errors.Join(err, mail.UseLink(tx, l))
	})
	w.write(func(tx *store.Tx) error {
		if _, err := mail.FindLink(tx, mail.ToCancel, token); !errors.Is(err, mail.LinkOver) {
			t.Errorf("got %v, want a used link to be over", err)
		}
		return nil
	})
	w.want(v, "booked sent", "reminder sent")
	w.want(later, "booked sent")
}

func TestReminderOfAVisitThatMovedOrIsOverIsNotSent(t *testing.T) {
	w := newTown(t, 2)
	server := apptest.NewMailServer(t, apptest.MailServerOptions{})
	o := w.outbox(server)
	moved, over := w.book(0, 0), w.book(1, 0)
	w.clock.Advance(-time.Hour)
	w.empty(o)
	w.clock.Advance(3 * time.Hour)
	w.write(func(tx *store.Tx) error {
		_, err := tx.Exec(`UPDATE booking SET booked_at = ?`, tx.Now.AddDate(0, 0, -1))
		return err
	})
	w.write(func(tx *store.Tx) error { _, err := booking.RemindOf(tx); return err })
	w.write(func(tx *store.Tx) error {
		_, err := booking.Change(tx, w.by, moved.Booking.Ref, moved.Version, booking.Wish{Slot: w.slots[2].Ref, Channel: booking.Web, Seat: booking.ResidentSeat})
		return err
	})
	w.clock.Advance(23 * time.Hour)
	w.empty(o)
	w.want(moved, "booked sent", "reminder dropped stale", "changed sent")
	w.want(over, "booked sent", "reminder dropped stale")
	w.write(func(tx *store.Tx) error { return settings.Set(tx, w.by, "mail.reminders", "0") })
	w.write(func(tx *store.Tx) error {
		n, err := booking.RemindOf(tx)
		if n != 0 {
			t.Errorf("got %d reminders though the town wants none", n)
		}
		return err
	})
}

func TestNoHeaderCanBeAdded(t *testing.T) {
	w := newTown(t, 1)
	server := apptest.NewMailServer(t, apptest.MailServerOptions{})
	w.write(func(tx *store.Tx) error {
		return settings.Set(tx, w.by, "town.name", "南部町\r\nBcc: everyone@example.jp\r\n\r\nHello")
	})
	w.book(0, 0)
	w.empty(w.outbox(server))
	got := server.Taken()
	if len(got) != 1 || got[0].Header.Get("Bcc") != "" || len(got[0].Header["To"]) != 1 || strings.HasPrefix(got[0].Body, "Hello") {
		t.Errorf("got %+v, want no header of somebody else's", got)
	}
	for _, bad := range []string{"a@example.jp\r\nBcc: b@example.jp", "a@example.jp,b@example.jp", "a b <c@example.jp>", "a@example.jp\nX", "a\x00@example.jp", `"a\r\n"@example.jp`} {
		err := w.st.Write(t.Context(), func(tx *store.Tx) error { return card.ProposeMail(tx, w.by, w.cards[0].Person(), bad, "ja") })
		if !errors.Is(err, card.MailForm) {
			t.Errorf("%q: got %v, want it refused", bad, err)
		}
	}
}

func TestAddressesOfOldTelephonesAreReached(t *testing.T) {
	w := newTown(t, 1)
	server := apptest.NewMailServer(t, apptest.MailServerOptions{})
	const old = "taro..hanako.@docomo.example.jp"
	w.write(func(tx *store.Tx) error {
		if err := card.ProposeMail(tx, w.by, w.cards[0].Person(), old, "ja"); err != nil {
			return err
		}
		_, err := mail.Queue(tx, w.by, mail.Message{Kind: mail.Confirm, Card: int64(w.cards[0].ID), Lang: "ja"})
		return err
	})
	w.empty(w.outbox(server))
	got := server.Taken()
	if len(got) != 1 || strings.ReplaceAll(got[0].To, `"`, "") != old {
		t.Fatalf("got %+v, want a mail to %s", got, old)
	}
	if links := httpsLink.FindAllString(got[0].Body, -1); len(links) != 1 || !strings.Contains(links[0], "/mail/confirm/") {
		t.Errorf("got links %q, want the one to confirm", links)
	}
}

func TestAuditAndAttemptsHoldNoAddress(t *testing.T) {
	w := newTown(t, 1)
	server := apptest.NewMailServer(t, apptest.MailServerOptions{})
	server.Refuse(func(step, to string, _ int) error {
		if step == "mail" {
			return nil
		}
		return apptest.Answer(550, [3]int{5, 1, 1}, "no mailbox "+to)
	})
	w.book(0, 0)
	w.empty(w.outbox(server))
	apptest.Read(t, w.st, func(tx *store.Tx) error {
		for _, query := range []string{`SELECT detail FROM audit`, `SELECT why FROM mail_attempt`, `SELECT cause || why || kind FROM mail`} {
			all, err := store.All[string](tx, query)
			if err != nil {
				return err
			}
			for _, text := range all {
				if strings.Contains(text, "@") {
					t.Errorf("%s: got %q", query, text)
				}
			}
		}
		entries, err := store.All[string](tx, `SELECT action FROM audit WHERE action LIKE 'mail%' ORDER BY id`)
		if want := []string{"mail_proposed", "mail_confirmed", "mail_queued", "mail_failed"}; !slices.Equal(entries, want) {
			t.Errorf("got entries %q, want %q", entries, want)
		}
		return err
	})
}
