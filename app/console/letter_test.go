package console

import (
	"net/http"
	"strings"
	"testing"

	"madoguchi/app/apptest"
	"madoguchi/app/audit"
	"madoguchi/app/booking"
	"madoguchi/store"
)

func TestLetterOpensTheSiteWithTheNumberAndWithoutTheDateOfBirth(t *testing.T) {
	o := open(t)
	must(t, o.clerk().Get(pathOf(o.hanako)+"/letter"), http.StatusOK, "QRコードを作れません")
	o.desk.residentSite = "https://yoyaku.example.jp"
	p := o.clerk().Get(pathOf(o.hanako)).Follow("予約の案内を印刷する")
	must(t, p, http.StatusOK, "https://yoyaku.example.jp/n/ABC123456", "髙橋 花子")
	if len(p.FindAll("svg.qr")) != 1 {
		t.Error("the letter has no code")
	}
	for _, birth := range []string{"1950", "昭和25", "5月12日"} {
		if strings.Contains(p.Text(), birth) {
			t.Errorf("the letter holds the date of birth: %q", birth)
		}
	}
	golden(t, "letter", p)
}

func TestWhoComesIsShownAndDecidesWhatToBring(t *testing.T) {
	o := open(t)
	v := o.book(o.ichiro, o.slot(o.main, today, "10:00"), booking.StaffSeat)
	page := "/bookings/" + string(v.Booking.Ref)
	if p := o.clerk().Get(page); strings.Contains(strings.Join(p.Texts("dt"), " "), "来るかた") {
		t.Errorf("the page says who comes before anybody has said: %s", p.Text())
	}
	apptest.Write(t, o.st, func(tx *store.Tx) error {
		s, err := booking.ServiceByID(tx, v.Slot.ServiceID)
		if err != nil {
			return err
		}
		lines := []booking.Bring{{Condition: booking.Always, Text: "はがき"}, {Condition: booking.OfComer, Value: string(booking.Proxy), Text: "委任状"}}
		if err := booking.SetBring(tx, o.accounts["kanri"].Actor("r1"), s.Ref, s.Version, lines); err != nil {
			return err
		}
		return booking.SetComer(tx, audit.Actor{Kind: audit.Resident, Ref: o.ichiro.Card.Ref, Request: "r2"}, v.Booking.Ref, booking.Proxy, "")
	})
	must(t, o.clerk().Get(page), http.StatusOK, "来るかた", "代理人が来る")
	must(t, o.clerk().Get(page+"/slip"), http.StatusOK, "委任状")
}
