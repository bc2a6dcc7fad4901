package e2e

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	cdp "github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/japanese"

	"madoguchi/app/audit"
	"madoguchi/app/booking"
	"madoguchi/app/card"
	"madoguchi/app/jp"
	"madoguchi/app/settings"
	"madoguchi/store"
)

// visitor is someone with a booking for the day of the test.
type visitor struct{ Name, Notice, Number string }

// expect books four people for today, at the stroke of midnight, so that the
// journey is the same at whatever hour it is made.
func (w *town) expect() (people []visitor) {
	w.Helper()
	w.down()
	st, err := store.Open(context.Background(), store.Options{Path: filepath.Join(w.data(), "madoguchi.db")})
	if err != nil {
		w.Fatal(err)
	}
	err = st.Write(context.Background(), func(tx *store.Tx) error {
		by := audit.Command("e2e")
		if err := settings.Set(tx, by, "booking.late_minutes", "0"); err != nil {
			return err
		}
		venues, err := booking.Venues(tx)
		if err != nil {
			return err
		}
		service, err := booking.CardIssuance(tx)
		if err != nil {
			return err
		}
		today := jp.DateOf(tx.Now)
		defer func(now time.Time) { tx.Now = now }(tx.Now)
		tx.Now = today.At(0)
		window := booking.Window{HeldOn: today, Starts: 0, Ends: 5, Reserve: 4}
		if err := booking.AddSlots(tx, by, venues[0], service, []booking.Window{window}); err != nil {
			return err
		}
		slots, err := booking.DaySlots(tx, venues[0].ID, service.ID, today)
		if err != nil {
			return err
		}
		people, err = bookFour(tx, by, slots[0])
		return err
	})
	if err := errors.Join(err, st.Close()); err != nil {
		w.Fatal(err)
	}
	w.up()
	return people
}

func bookFour(tx *store.Tx, by audit.Actor, s booking.Slot) (people []visitor, err error) {
	cards, err := store.All[card.ID](tx, `SELECT card.id FROM card JOIN recipient ON recipient.id = card.recipient_id
		WHERE card.issued_at IS NULL AND NOT EXISTS (SELECT 1 FROM booking WHERE card_id = card.id) ORDER BY card.id LIMIT 4`)
	if err != nil {
		return nil, err
	}
	for _, id := range cards {
		r, err := card.GetByID(tx, id)
		if err != nil {
			return nil, err
		}
		v, err := booking.Book(tx, by, booking.Wish{Card: id, Slot: s.Ref, Channel: booking.Telephone, Seat: booking.StaffSeat})
		if err != nil {
			return nil, err
		}
		people = append(people, visitor{Name: r.Name, Notice: r.NoticeNumber.String(), Number: v.Number.String()})
	}
	return people, nil
}

// A day at the counter: one comes and gets the card, one has not brought what
// is needed, one does not come and is booked anew; the day is printed, and taken
// out as CSV and Excel.
func TestDayAtTheCounter(t *testing.T) {
	for _, c := range []struct {
		name    string
		window  size
		scripts bool
	}{
		{"without scripts", desktop, false},
		{"with axe", desktop, true},
		{"narrow with axe", narrow, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := run(t)
			people := w.expect()
			b := open(t, w.start.Console, c.window, c.scripts)
			b.firstSignIn(w)
			b.serveFromTheBoard(people[0])
			b.sendHome(people[1])
			b.missSomeone(people[2])
			b.today(people)
			b.extracts(w, people)
		})
	}
}

// scanCode does what a keyboard-type scanner does: types into the field that
// has the cursor and ends with Enter.
func (b *browser) scanCode(code string) {
	b.Helper()
	if f := b.focus(); f.ID != "f-scanned" {
		b.Errorf("before scanning: the cursor is in %s %s, want it in the field", f.Tag, f.ID)
	}
	b.fill(`#f-scanned`, code)
	b.enter()
	b.check()
}

func (b *browser) serveFromTheBoard(v visitor) {
	b.Helper()
	b.visit("/check-in")
	b.shoot("check-in")
	b.scanCode("ちちち")
	b.must("日本語入力がオンのまま")
	b.scanCode("0000-0000")
	b.must("見つかりません")
	b.shoot("not-found")
	b.scanCode(v.Number)
	b.must(v.Name, "予約の時刻", "来庁を受け付ける")
	b.shoot("found")
	b.follow(`form[action$="/check-in"].step button`)
	b.must("受付済み")
	b.shoot("checked-in")
	b.visit("/board")
	b.must(v.Name, "待っている人")
	b.shoot("board")
	b.follow(`ul[aria-labelledby="choose-venue"] li:nth-child(2) a`)
	b.follow(`ul[aria-labelledby="choose-counter"] li:nth-child(3) a`)
	b.must("2番窓口")
	b.shoot("board-counter")
	for !strings.Contains(b.called(), v.Name) {
		b.follow(`form[action="/board/next"] button`)
	}
	b.must("2番窓口")
	b.shoot("board-called")
	b.press(`.called .panel a[href*="/issue"]`)
	b.check()
	b.shoot("issue")
	b.follow(`main form button[type=submit]`)
	b.must("交付済みにしました")
	if !strings.HasPrefix(b.path(), "/board") {
		b.Errorf("got %s after the issue, want the board", b.path())
	}
	b.visit("/board?live=1")
	b.must("自動で更新しています")
	b.shoot("board-live")
	b.follow(`.beside a.button`)
	b.visit("/board?names=0")
	b.shoot("board-without-names")
}

// called is what stands in the board's part about those who are called.
func (b *browser) called() (text string) {
	b.Helper()
	b.do(chromedp.Text(`.called-part`, &text, chromedp.ByQuery))
	return text
}

func (b *browser) sendHome(v visitor) {
	b.Helper()
	b.visit("/check-in")
	b.scanCode(strings.ReplaceAll(v.Notice, "-", "－"))
	b.must(v.Name)
	b.follow(`form[action$="/check-in"].step button`)
	b.follow(`a[href$="/papers-missing"]`)
	b.shoot("papers")
	b.fill(`#f-body`, "本人確認書類の2点目")
	b.follow(`main form button[type=submit]`)
	b.must("書類不足", "本人確認書類の2点目", "予約を取り直す")
	b.shoot("papers-missing")
}

func (b *browser) missSomeone(v visitor) {
	b.Helper()
	b.visit("/check-in")
	b.scanCode("https://yoyaku.example.jp/?n=" + strings.ReplaceAll(v.Notice, "-", ""))
	b.must(v.Name, "遅れています")
	b.follow(`form[action$="/no-show"] button`)
	b.must("来庁なし")
	b.shoot("no-show")
	b.follow(`.state a[href$="/book"]`)
	b.follow(`table.times a`)
	b.follow(`main form button[type=submit]`)
	b.must("予約を受け付けました")
	b.visit("/board")
	b.must("書類不足・来庁なし", v.Name)
	b.shoot("board-end")
}

var pdfPage = regexp.MustCompile(`/Type\s*/Page[^s]`)

func (b *browser) today(people []visitor) {
	b.Helper()
	b.visit("/")
	b.must(people[0].Name, "書類不足", "来庁なし", "受け付ける")
	b.shoot("today")
	b.must(people[3].Name)
	b.print("today", 1)
	b.follow(`form[action$="/check-in"] button`)
	b.must("来庁を受け付けました")
}

// print makes a PDF as the browser's print would, and wants so many A4 pages.
func (b *browser) print(name string, least int) {
	b.Helper()
	var pdf []byte
	b.do(chromedp.ActionFunc(func(ctx context.Context) (err error) {
		pdf, _, err = page.PrintToPDF().WithPreferCSSPageSize(true).Do(ctx)
		return err
	}))
	if n := len(pdfPage.FindAll(pdf, -1)); !bytes.HasPrefix(pdf, []byte("%PDF-")) || n < least {
		b.Errorf("printing %s: got %d bytes with %d pages, want at least %d", name, len(pdf), n, least)
	}
	if !bytes.Contains(pdf, []byte("[0 0 594.95996 841.91998]")) && !bytes.Contains(pdf, []byte("[0 0 595")) {
		b.Errorf("printing %s: the pages are not A4", name)
	}
	if dir := os.Getenv("E2E_PICTURES"); dir != "" {
		if err := os.WriteFile(filepath.Join(dir, strings.ReplaceAll(b.Name(), "/", "_")+"-"+name+".pdf"), pdf, 0o644); err != nil {
			b.Error(err)
		}
	}
}

func (b *browser) extracts(w *town, people []visitor) {
	b.Helper()
	b.visit("/bookings")
	b.follow(`ul[aria-labelledby="choose-span"] li:first-child a`)
	b.must(people[0].Name, "件をファイルに保存する")
	b.shoot("bookings")
	b.follow(`a[href*="print=1"]`)
	b.print("bookings", 1)
	b.follow(`.beside a.button`)
	b.visit("/bookings?" + url.Values{"from": {jp.DateOf(time.Now()).AddDays(-14).String()}, "to": {jp.DateOf(time.Now()).AddDays(28).String()}, "print": {"1"}}.Encode())
	b.print("bookings-of-six-weeks", 2)
	b.visit("/bookings")
	b.follow(`ul[aria-labelledby="choose-span"] li:first-child a`)
	// Without names: CP932 does not know the characters of all of them.
	text, err := japanese.ShiftJIS.NewDecoder().Bytes(b.download(`#f-format-0`))
	if err != nil {
		b.Fatal(err)
	}
	book, err := excelize.OpenReader(bytes.NewReader(b.download(`#f-format-2`, `#f-personal`)))
	if err != nil {
		b.Fatal(err)
	}
	rows, err := book.GetRows("予約の一覧")
	if err := errors.Join(err, book.Close()); err != nil {
		b.Fatal(err)
	}
	lines := strings.Count(string(text), "\r\n")
	if len(rows) != lines || lines < 5 {
		b.Errorf("got %d rows in Excel and %d in CSV, want the same", len(rows), lines)
	}
	for _, v := range people {
		if !strings.Contains(string(text), v.Number) || !slices.ContainsFunc(rows, func(r []string) bool { return slices.Contains(r, v.Number) && slices.Contains(r, v.Name) }) {
			b.Errorf("%s is not in both files", v.Number)
		}
	}
	w.read(func(tx *store.Tx) error {
		n, err := store.One[int](tx, `SELECT count(*) FROM audit WHERE action = 'bookings_extracted'`)
		if n != 2 {
			b.Errorf("got %d entries of extracts, want 2", n)
		}
		return err
	})
}

// download ticks what is named, sends the form for a file and waits for it.
func (b *browser) download(ticks ...string) []byte {
	b.Helper()
	dir := b.TempDir()
	done := make(chan string, 1)
	ctx, stop := context.WithCancel(b.ctx)
	defer stop()
	chromedp.ListenTarget(ctx, func(event any) {
		if e, ok := event.(*cdp.EventDownloadProgress); ok && e.State == cdp.DownloadProgressStateCompleted {
			done <- e.GUID
		}
	})
	b.do(cdp.SetDownloadBehavior(cdp.SetDownloadBehaviorBehaviorAllowAndName).WithDownloadPath(dir).WithEventsEnabled(true))
	for _, tick := range ticks {
		b.do(chromedp.Click(tick, chromedp.ByQuery))
	}
	b.do(chromedp.Click(`form[action="/bookings/extract"] button`, chromedp.ByQuery))
	select {
	case name := <-done:
		body, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			b.Fatal(err)
		}
		return body
	case <-time.After(20 * time.Second):
		b.shoot("failed")
		b.Fatalf("no file came; on %s", b.text())
		return nil
	}
}

// What the town's own site reads: free places without anything about people.
func TestFeedIsReadByOtherSites(t *testing.T) {
	w := run(t)
	for path, kind := range map[string]string{"/feed/free.json": "application/json", "/feed/free.csv": "text/csv"} {
		res, err := http.Get(w.start.Public + path)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		if err := errors.Join(err, res.Body.Close()); err != nil {
			t.Fatal(err)
		}
		if got := res.Header.Get("Content-Type"); res.StatusCode != http.StatusOK || !strings.HasPrefix(got, kind) || res.Header.Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("%s: got status %d, %q, want it readable from anywhere", path, res.StatusCode, got)
		}
		if !strings.Contains(string(body), "南部町役場") || len(res.Cookies()) > 0 {
			t.Errorf("%s: got %d cookies with %.200s", path, len(res.Cookies()), body)
		}
		for _, person := range w.unbooked(20) {
			if strings.Contains(string(body), person.Number) {
				t.Errorf("%s holds the number of a notice", path)
			}
		}
	}
}

// The check-in by keyboard alone.
func TestCheckInByKeyboard(t *testing.T) {
	w := run(t)
	people := w.expect()
	b := open(t, w.start.Console, desktop, true)
	b.firstSignIn(w)
	b.tabToLink("/check-in")
	b.enter()
	b.check()
	b.typeKeys(people[0].Number)
	b.enter()
	b.must(people[0].Name)
	b.tab("the button for the check-in", func(f focused) bool { return f.Tag == "BUTTON:submit" && b.focusText("来庁を受け付ける") })
	b.enter()
	b.must("受付済み")
	b.typeKeys(people[1].Number)
	b.enter()
	b.must(people[1].Name)
	b.tabToLink("/papers-missing")
	b.enter()
	b.must("足りなかったもの")
	b.tabToButton()
	b.enter()
	b.must("書類不足")
}

func (b *browser) focusText(part string) (yes bool) {
	b.Helper()
	b.do(chromedp.Evaluate(`document.activeElement.textContent.indexOf(`+"'"+part+"'"+`) >= 0`, &yes))
	return yes
}
