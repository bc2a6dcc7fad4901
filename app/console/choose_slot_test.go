package console

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"madoguchi/app/apptest"
	"madoguchi/app/booking"
	"madoguchi/store"
)

// choose follows the cell of a time in the table of slots.
func choose(t *testing.T, p *apptest.Page, when, label string) *apptest.Page {
	t.Helper()
	return p.Follow(when + " " + label)
}

func TestTableShowsWhatIsLeftForStaff(t *testing.T) {
	o := open(t)
	o.book(o.ichiro, o.slot(o.main, thursday, "9:30"), booking.ResidentSeat)
	o.book(o.midori, o.slot(o.main, thursday, "10:00"), booking.ResidentSeat)
	apptest.Write(t, o.st, func(tx *store.Tx) error {
		_, err := tx.Exec(`UPDATE slot SET open = 0 WHERE ref = ?`, string(o.slot(o.main, friday, "9:30").Ref))
		return err
	})
	o.clock.Advance(20 * time.Minute)
	p := o.clerk().Get(pathOf(o.hanako) + "/book")
	if got, want := p.Texts("tbody td"), []string{
		"終了", "枠なし", "枠なし", // 8:45
		"枠なし", "12月3日（木）9時30分 職員枠 1", "休止", // 9:30
		"12月1日（火）10時 残り 3", "満席", "枠なし", // 10:00
	}; !slices.Equal(got, want) {
		t.Errorf("got cells %q, want %q", got, want)
	}
	golden(t, "choose_slot_full", p)
	if got := o.administrator().Get(pathOf(o.hanako) + "/book").Texts("a.over"); !slices.Equal(got, []string{"12月3日（木）10時 満席（枠を超える）"}) {
		t.Errorf("got %q to go beyond for an administrator, want the full slot", got)
	}
}

func TestWeeksGoForwardAndNeverIntoThePast(t *testing.T) {
	o := open(t)
	c := o.clerk()
	p := c.Get(pathOf(o.hanako) + "/book").Follow("次の週 12月8日（火）から")
	must(t, p, http.StatusOK, "この週に、南部町役場の予約枠はありません。", "12月8日（火）～12月14日（月）")
	sound(t, "week without slots", p)
	p = p.Follow("前の週 12月1日（火）から")
	must(t, p, http.StatusOK, "12月1日（火）～12月7日（月）")
	if strings.Contains(p.Text(), "前の週") {
		t.Error("got a way into the past")
	}
	must(t, c.Get(pathOf(o.hanako)+"/book?from=2020-01-01"), http.StatusOK, "12月1日（火）～12月7日（月）")
}

func TestFirstWeekShownHasSomethingFree(t *testing.T) {
	free := []booking.Day{{HeldOn: today.AddDays(20), Remaining: 1}}
	if got, want := firstDay("", today, booking.Visit{}, free), today.AddDays(20); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := firstDay("", today, booking.Visit{}, nil); got != today {
		t.Errorf("got %s with nothing free, want today", got)
	}
	o := open(t)
	s := o.slot(o.branch, thursday, "9:30")
	o.book(o.ichiro, s, booking.ResidentSeat)
	o.book(o.midori, s, booking.StaffSeat)
	p := o.clerk().Get(pathOf(o.hanako) + "/book?venue=" + string(o.branch.Ref))
	must(t, p, http.StatusOK, "満席")
	if strings.Contains(p.Text(), "次に空いている日") {
		t.Error("got a next free day where there is none")
	}
}

func TestNextFreeDayIsOffered(t *testing.T) {
	o := open(t)
	p := o.clerk().Get(pathOf(o.hanako) + "/book")
	apptest.Write(t, o.st, func(tx *store.Tx) error {
		service, err := booking.CardIssuance(tx)
		if err != nil {
			return err
		}
		return booking.AddSlots(tx, system, o.main, service, []booking.Window{{HeldOn: today.AddDays(30), Starts: 600, Ends: 630, Capacity: 1}})
	})
	p = p.Follow("次の週 12月8日（火）から").Follow("次に空いている日 12月31日（木）")
	must(t, p, http.StatusOK, "12月31日（木）～1月6日（水）", "残り 1")
}
