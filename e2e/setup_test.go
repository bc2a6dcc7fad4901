package e2e

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"

	"madoguchi/store"
)

// An administrator sets up a branch from nothing (place, counter, hours, slots)
// and a resident books there; then a day, a closing and a stop are set. Without
// scripts, and with axe on every page.
func TestAdministratorOpensABranch(t *testing.T) {
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
			b.openBranch()
			w.bookAtBranch(t, c.window, c.scripts)
			b.adjustBranch()
		})
	}
}

const branch = "健康センター"

func (b *browser) openBranch() {
	b.visit("/setup")
	b.shoot("setup")
	b.follow(`main a[href="/setup/venues"]`)
	b.follow(`main a[href="/setup/venues/new"]`)
	b.follow(`main form button[type=submit]`)
	b.must("入力に誤りがあります", "名前を入力してください")
	b.fill(`#f-name`, branch)
	b.fill(`#f-kana`, "ケンコウセンター")
	b.fill(`#f-telephone`, "0178-00-0003")
	b.follow(`main form button[type=submit]`)
	b.must("保存しました", branch)
	b.shoot("venue")
	b.follow(`main a[href$="/counters/new"]`)
	b.fill(`#f-name`, "1番窓口")
	b.do(chromedp.Click(`#f-services-0`, chromedp.ByQuery))
	b.follow(`main form button[type=submit]`)
	b.must("1番窓口", "マイナンバーカードの受け取り")

	b.follow(`main a[href*="/setup/hours/"]`)
	b.follow(`main a[href*="/edit?service="]`)
	b.fill(`#f-ends_0`, "8:00")
	b.follow(`main form button[type=submit]`)
	b.must("終了の時刻は、開始の時刻よりあとに")
	b.shoot("hours-refused")
	b.fill(`#f-ends_0`, "12:00")
	b.fill(`#f-capacity_0`, "2")
	b.follow(`main form button[type=submit]`)
	b.must("まだ保存していません", "追加")
	b.shoot("hours-preview")
	b.follow(`main form[action$="/apply"] button`)
	b.must("受付時間を保存し、予約枠を変えました")
	b.shoot("hours")
}

// bookAtBranch books, as a resident, the first time that the new branch has free.
func (w *town) bookAtBranch(t *testing.T, window size, scripts bool) {
	t.Helper()
	p := w.unbooked(1)[0]
	r := open(t, w.start.Public, window, scripts)
	r.visit("/sign-in")
	r.signIn(p)
	r.must(branch)
	var ref string
	w.read(func(tx *store.Tx) (err error) {
		ref, err = store.One[string](tx, `SELECT ref FROM venue WHERE name = ?`, branch)
		return err
	})
	r.visit("/slots?venue=" + ref)
	r.follow(`main a[href*="/slots/"]`)
	r.follow(`main button[name=slot]`)
	r.follow(`main form button[type=submit]`)
	r.must(branch)
	n := 0
	w.read(func(tx *store.Tx) (err error) {
		n, err = store.One[int](tx, `SELECT count(*) FROM booking JOIN slot ON slot.id = booking.slot_id JOIN venue ON venue.id = slot.venue_id
			WHERE venue.name = ? AND booking.state = 'booked'`, branch)
		return err
	})
	if n != 1 {
		t.Errorf("got %d bookings at the new branch, want the resident's", n)
	}
}

// adjustBranch goes through the pages with which a running branch is adjusted.
func (b *browser) adjustBranch() {
	var day string
	b.visit("/setup/days")
	b.do(chromedp.Location(&day))
	b.follow(`main .choose ul li:last-child a`) // the place added last
	b.must(branch)
	b.follow(`main .choose + .choose ul li:last-child a`) // the next day
	b.shoot("day")
	b.visit("/setup/closed/new")
	b.fill(`#f-from`, "12/28")
	b.fill(`#f-reason`, "大掃除")
	b.follow(`main form button[type=submit]`)
	b.must("閉庁日を登録しました")
	b.shoot("plan")
	b.visit("/setup/closed")
	b.must("大掃除", "元日")
	b.shoot("closed")
	b.visit("/setup/stops/new")
	b.fill(`#f-reason`, "大雪のため")
	b.follow(`main form button[type=submit]`)
	b.must("この時間に予約している人")
	b.shoot("stop-check")
	b.follow(`main form[action="/setup/stops"] button`)
	b.must("受付を止めました")
	b.shoot("stop")
	b.follow(`main a[href$="/end"]`)
	b.follow(`main form button[type=submit]`)
	b.must("受付を再開しました")
	b.visit("/setup/settings")
	b.fill(`#f-booking_late_minutes`, "15")
	b.follow(`main form button[type=submit]`)
	b.must("10分 → 15分")
	b.shoot("settings")
	for _, path := range []string{"/setup/services", "/setup/staff", "/setup/hours", "/setup/stops", "/setup/plan", "/setup/extra/new"} {
		b.visit(path)
	}
	b.follow(`main a[href="/setup/closed"]`)
	b.visit("/setup/services")
	b.follow(`main a[href$="/bring"]`)
	b.fill(`#f-text_0`, "交付通知書（はがき）")
	b.follow(`main form button[type=submit]`)
	b.must("保存しました")
	b.follow(`main a[href$="/rules"]`)
	b.shoot("rules")
	b.follow(`main form button[type=submit]`)
	b.must("保存しました")
}

// The look of both sites is changed by hand: a colour that cannot be read is
// refused, the next one is seen on the console and on the resident site.
func TestTheLookIsChangedInTheBrowser(t *testing.T) {
	w := run(t)
	b := open(t, w.start.Console, desktop, true)
	b.firstSignIn(w)
	b.visit("/setup/look")
	b.do(chromedp.Click(`input[name="colour"][value="own"]`, chromedp.ByQuery))
	b.fill(`#f-own_colour`, "#ffcc00")
	b.follow(`main form button[type=submit]`)
	b.must("入力に誤りがあります", "明るさの比は")
	b.do(chromedp.Click(`input[name="colour"][value="#00572d"]`, chromedp.ByQuery))
	b.follow(`main form button[type=submit]`)
	b.must("保存しました")
	var button, heading string
	const colourOf = `getComputedStyle(document.querySelector('%s')).backgroundColor`
	b.do(chromedp.Evaluate(fmt.Sprintf(colourOf, "main button.button"), &button))
	if want := "rgb(0, 60, 31)"; button != want {
		t.Errorf("got the console's button in %s, want the town's colour, darker: %s", button, want)
	}
	b.visit("/setup/settings")
	b.must("ロゴと色：色", "#00572d")
	r := open(t, w.start.Public, phone, true)
	r.visit("/")
	r.do(chromedp.Evaluate(fmt.Sprintf(colourOf, "main a.button"), &heading))
	if want := "rgb(0, 87, 45)"; heading != want {
		t.Errorf("got the resident's button in %s, want the town's colour %s", heading, want)
	}
}
