package console

import (
	"errors"
	"net/http"

	"github.com/gin-gonic/gin"

	"madoguchi/app/booking"
	"madoguchi/app/problem"
	"madoguchi/app/web"
	"madoguchi/store"
)

// comerText is who will come, with why a proxy does, in words; "" while nobody
// has said.
func comerText(tx *store.Tx, b booking.Booking) (string, error) {
	text := b.Comer.Label()
	if b.Comer != booking.Proxy {
		return text, nil
	}
	why, said, err := booking.ReasonOf(tx, b)
	if err != nil || !said {
		return text + "（理由は未確認）", err
	}
	return text + "（" + why.Name + "）", nil
}

// comerNow tells two states of who comes apart, for a form that was opened
// before someone else changed it: residents say it themselves too.
func comerNow(tx *store.Tx, b booking.Booking) (string, error) {
	why, _, err := booking.ReasonOf(tx, b)
	return string(b.Comer) + " " + string(why.Ref), err
}

func readComer(c *gin.Context) *web.Form { return web.ReadForm(c, "comer", "reason", "was") }

// askComer asks who will come to a booking, and why a proxy does.
func (d *Desk) askComer(c *gin.Context) error {
	return d.showComer(c, http.StatusOK, readComer(c), false)
}

func (d *Desk) showComer(c *gin.Context, status int, form *web.Form, stale bool) error {
	p := setupFormPage{Heading: "来るかた", Action: bookingPath(refOf(c)) + "/comer", Stale: stale,
		Back: link{Path: bookingPath(refOf(c)), Label: "保存せずに予約に戻る"},
		Lead: []string{"来るかたによって、持ち物が変わります。仕事などで忙しいことは、代理人が来る理由として認められません。"},
	}
	var e booking.DayEntry
	err := d.store.Read(c, func(tx *store.Tx) (err error) {
		if e, err = ourEntry(tx, c); err != nil {
			return err
		}
		if !e.Visit.Live() {
			return booking.NotLive
		}
		now, err := comerNow(tx, e.Visit.Booking)
		if err != nil {
			return err
		}
		if status == http.StatusUnprocessableEntity {
			now = form.Value("was")
		}
		p.hide("was", now)
		return p.askWhoComes(tx, c, form, e.Visit.Booking)
	})
	if notLive, ok := problem.As(err); ok && errors.Is(notLive, booking.NotLive) {
		return d.bookingConflict(c, notLive, conflictPage{Heading: "来るかたを決められません"})
	}
	if err != nil {
		return err
	}
	who := personOfEntry(e)
	p.Facts = []fact{{"氏名", who.Name}, {"予約", slotTime(e.Visit.Slot) + "　" + e.Visit.Venue.Name}}
	return d.showForm(c, status, form, &p, e.Visit.Version)
}

func (p *setupFormPage) askWhoComes(tx *store.Tx, c *gin.Context, form *web.Form, b booking.Booking) error {
	var comers []option
	for _, who := range []booking.Comer{booking.Holder, booking.Guardian, booking.Proxy} {
		comers = append(comers, option{Value: string(who), Label: who.Label()})
	}
	reasons, err := booking.ProxyReasons(tx)
	if err != nil {
		return err
	}
	why, said, err := booking.ReasonOf(tx, b)
	if err != nil {
		return err
	}
	whys := []option{{Value: "", Label: "まだ聞いていない"}}
	if said && why.Retired() {
		whys = append(whys, option{Value: string(why.Ref), Label: why.Name + "（廃止された理由）"})
	}
	for _, r := range reasons {
		whys = append(whys, option{Value: string(r.Ref), Label: r.Name})
	}
	p.ask(c, form,
		question{name: "comer", label: "だれが来ますか", kind: "radios", options: comers, now: []string{string(b.Comer)}, required: true},
		question{name: "reason", label: "代理人が来る理由", hint: "代理人が来るときだけ選びます。", kind: "radios", options: whys, now: []string{string(why.Ref)}},
	)
	return nil
}

// saveComer keeps who will come. What someone else said meanwhile is shown first.
func (d *Desk) saveComer(c *gin.Context) error {
	form := readComer(c)
	err := d.write(c, "comer_set", func(tx *store.Tx) (string, error) {
		e, err := ourEntry(tx, c)
		if err != nil {
			return "", err
		}
		now, err := comerNow(tx, e.Visit.Booking)
		if err != nil {
			return "", err
		}
		if now != form.Raw("was") {
			return "", booking.SetupStale
		}
		return bookingPath(refOf(c)), booking.SetComer(tx, actor(c), refOf(c), booking.Comer(form.Value("comer")), store.Ref(form.Value("reason")))
	})
	return refused(c, err, form, d.showComer)
}
