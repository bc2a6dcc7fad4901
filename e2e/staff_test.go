package e2e

import (
	"strings"
	"testing"
)

// newPassword is what the administrator chooses at the first sign-in.
const newPassword = "まどぐちの長い合言葉26"

// Staff sign in for the first time, read codes, find someone, book, change and
// cancel by telephone, and issue a card: without scripts, and with axe on every page.
func TestStaffJourney(t *testing.T) {
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
			b := open(t, w.start.Console, c.window, c.scripts)
			b.firstSignIn(w)
			b.readCodes(w)
			b.serveSomeone(w)
			b.visit("/")
			b.shoot("today")
			b.press(`form[action="/sign-out"] button`)
			b.check()
			b.visit("/")
			if !strings.HasPrefix(b.path(), "/sign-in") {
				b.Errorf("got %s after signing out, want the sign-in page", b.path())
			}
		})
	}
}

func (b *browser) firstSignIn(w *town) {
	b.visit("/")
	b.shoot("sign-in")
	b.fill(`#f-staff_id`, w.start.StaffID)
	b.fill(`#f-password`, "wrong")
	b.follow(`main button[type=submit]`)
	b.fill(`#f-staff_id`, w.start.StaffID)
	b.fill(`#f-password`, w.start.Password)
	b.follow(`main button[type=submit]`)
	b.visit("/search")
	if b.path() != "/password" {
		b.Fatalf("got %s before a new password was chosen, want /password", b.path())
	}
	b.shoot("password")
	for _, again := range []string{"different", newPassword} {
		b.fill(`#f-current`, w.start.Password)
		b.fill(`#f-new`, newPassword)
		b.fill(`#f-again`, again)
		b.follow(`main button[type=submit]`)
	}
	b.visit("/")
	if b.path() != "/" {
		b.Fatalf("got %s, want today's list\n%s", b.path(), b.text())
	}
}

// readCodes does what a keyboard-type scanner does: types into the field that
// has the cursor and ends with Enter.
func (b *browser) readCodes(w *town) {
	b.visit("/read")
	for i, code := range append(w.start.Payloads[:2:2], w.start.Payloads[0], "あｂｃー１２３４５６", "ABC") {
		if f := b.focus(); f.ID != "f-payload" {
			b.Errorf("before reading %d: the cursor is in %s %s, want it in the field", i, f.Tag, f.ID)
		}
		b.fill(`#f-payload`, code)
		b.enter()
		b.check()
		b.shoot("read")
		switch i {
		case 0, 1:
			b.must("読取り完了", strings.Split(code, ",")[0])
		case 2:
			b.must("読取済み", "管理")
		case 3:
			b.must("日本語入力")
		case 4:
			b.must("読み取れません")
		}
	}
	b.must("2件")
}

func (b *browser) serveSomeone(w *town) {
	number := strings.Split(w.start.Payloads[0], ",")[0]
	b.visit("/search")
	b.fill(`#f-q`, "だれもいないなまえ")
	b.follow(`main button[type=submit]`)
	b.must("見つかりませんでした")
	b.fill(`#f-q`, number)
	b.follow(`main button[type=submit]`)
	if !strings.HasPrefix(b.path(), "/recipients/") {
		b.Fatalf("got %s for a notice number, want the recipient's page", b.path())
	}
	recipient := b.path()
	b.shoot("recipient")
	b.follow(`a[href$="/book"]`)
	b.shoot("choose")
	b.follow(`table.times a`)
	b.shoot("check")
	b.follow(`main form button[type=submit]`)
	b.shoot("booked")
	b.visit(recipient)
	b.follow(`a[href$="/change"]`)
	b.follow(`table.times tbody tr ~ tr a`)
	b.follow(`main form button[type=submit]`)
	b.visit(recipient)
	b.follow(`a[href$="/cancel"]`)
	b.shoot("cancel")
	b.follow(`main form button[type=submit]`)
	b.must("取消済み")
	b.fill(`#f-body`, "耳が遠いので筆談で。")
	b.follow(`form[action$="/notes"] button`)
	b.must("耳が遠いので筆談で。")
	b.follow(`a[href$="/contact"]`)
	b.fill(`#f-telephone`, "123")
	b.follow(`main form button[type=submit]`)
	b.fill(`#f-telephone`, "０１７８－００－００９９")
	b.follow(`main form button[type=submit]`)
	b.must("0178-00-0099")
	b.follow(`a[href$="/issue"]`)
	b.shoot("issue")
	b.follow(`main form button[type=submit]`)
	b.must("交付済み")
	b.visit("/search?q=" + "%E9%AB%98")
	b.shoot("search")
}
