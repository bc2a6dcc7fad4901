package console

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"madoguchi/app/booking"
	"madoguchi/app/jp"
	"madoguchi/app/web"
	"madoguchi/store"
)

func readRules(c *gin.Context) *web.Form {
	return web.ReadForm(c, "days_ahead", "opens_on", "opens_at", "close", "close_unit", "close_at", "change", "change_unit", "change_at",
		"together_most", "contact_most")
}

// cutoffUnits are what a cut-off counts, in words.
func cutoffUnits() []option {
	return []option{
		{Value: string(booking.CutoffWorkingDays), Label: "開庁日前の、右の時刻まで"},
		{Value: string(booking.CutoffDays), Label: "日前の、右の時刻まで"},
		{Value: string(booking.CutoffHours), Label: "時間前まで"},
	}
}

func cutoffText(k booking.Cutoff) string {
	switch {
	case k.Unit == booking.CutoffHours && k.Count == 0:
		return "始まるまで"
	case k.Unit == booking.CutoffHours:
		return fmt.Sprintf("%d時間前まで", k.Count)
	case k.Unit == booking.CutoffWorkingDays:
		return fmt.Sprintf("%d開庁日前の%sまで", k.Count, k.At.Plain())
	case k.Count == 0:
		return "当日の" + k.At.Plain() + "まで"
	}
	return fmt.Sprintf("%d日前の%sまで", k.Count, k.At.Plain())
}

// rulesText is the rules in one line.
func rulesText(r booking.Rules) string {
	text := fmt.Sprintf("%d日先まで", r.DaysAhead)
	if r.DaysAhead == booking.Unlimited {
		text = "枠のあるかぎり先まで"
	}
	if !r.OpensOn.IsZero() {
		text += "（" + r.OpensOn.Short() + "受付開始）"
	}
	return text + "、予約は" + cutoffText(r.Close) + "、変更は" + cutoffText(r.Change)
}

func (d *Desk) askRules(c *gin.Context) error {
	return d.showRules(c, http.StatusOK, readRules(c), false)
}

func (d *Desk) backToRules(c *gin.Context) error {
	return web.To(c, "/setup/services/"+string(refOf(c))+"/rules")
}

func (d *Desk) showRules(c *gin.Context, status int, form *web.Form, stale bool) error {
	var s booking.Service
	var r booking.Rules
	err := d.store.Read(c, func(tx *store.Tx) (err error) {
		if s, err = booking.ServiceByRef(tx, refOf(c)); err != nil {
			return err
		}
		r, err = booking.RulesOf(tx, s.ID)
		return err
	})
	if err != nil {
		return err
	}
	p := setupFormPage{Heading: s.Name + "の予約期間と締切", Action: servicePath(s) + "/rules", Stale: stale, fresh: strings.HasSuffix(c.FullPath(), "/clear"),
		Back: link{Path: "/setup/services", Label: "保存せずに戻る"}}
	if r.Version == 0 {
		p.Lead = []string{"いまは、町の「予約の設定」に従っています。保存すると、この業務だけの決まりになります。"}
	} else {
		p.Others = []setupFormPage{{Heading: "町の設定に戻す", Action: p.Action + "/clear", Version: r.Version, Submit: "町の設定に従う", Class: "second",
			Lead: []string{"この業務だけの決まりをやめて、「予約の設定」に従います。"}}}
	}
	ahead, opensAt := "", ""
	if r.DaysAhead != booking.Unlimited {
		ahead = fmt.Sprint(r.DaysAhead)
	}
	if r.OpensAt != 0 {
		opensAt = typedClock(r.OpensAt)
	}
	p.ask(c, form,
		question{name: "days_ahead", class: "code short", now: []string{ahead}},
		question{name: "opens_on", class: "code half", now: []string{typedDay(r.OpensOn)}},
		question{name: "opens_at", class: "code short", now: []string{opensAt}},
		question{name: "close", class: "code short", now: []string{fmt.Sprint(r.Close.Count)}, required: true},
		question{name: "close_unit", beside: true, kind: "select", options: cutoffUnits(), now: []string{string(r.Close.Unit)}},
		question{name: "close_at", beside: true, class: "code short", now: []string{typedClock(r.Close.At)}},
		question{name: "change", class: "code short", now: []string{fmt.Sprint(r.Change.Count)}, required: true},
		question{name: "change_unit", beside: true, kind: "select", options: cutoffUnits(), now: []string{string(r.Change.Unit)}},
		question{name: "change_at", beside: true, class: "code short", now: []string{typedClock(r.Change.At)}},
		question{name: "together_most", class: "code short", now: []string{fmt.Sprint(r.TogetherMost)}, required: true},
		question{name: "contact_most", class: "code short", now: []string{fmt.Sprint(r.ContactMost)}, required: true},
	)
	return d.showForm(c, status, form, &p, r.Version)
}

// typedRules reads the rules of a form.
func typedRules(c *gin.Context, form *web.Form, today jp.Date) booking.Rules {
	r := booking.Rules{Version: version(c), DaysAhead: booking.Unlimited}
	if form.Value("days_ahead") != "" {
		r.DaysAhead = readNumber(form, "days_ahead", "days_ahead")
		if r.DaysAhead == booking.Unlimited {
			r.DaysAhead-- // what was typed is no way to say "without limit"
		}
	}
	r.OpensOn = readDay(form, "opens_on", today)
	if form.Value("opens_at") != "" {
		r.OpensAt = readClock(form, "opens_at", "opens_at")
	}
	cutoff := func(name string) booking.Cutoff {
		k := booking.Cutoff{Unit: booking.CutoffUnit(form.Value(name + "_unit")), Count: readNumber(form, name, name)}
		if k.Unit != booking.CutoffHours {
			k.At = readClock(form, name+"_at", name+"_at")
		}
		return k
	}
	r.Close, r.Change = cutoff("close"), cutoff("change")
	r.TogetherMost = readNumber(form, "together_most", "together_most")
	r.ContactMost = readNumber(form, "contact_most", "contact_most")
	return r
}

func (d *Desk) saveRules(c *gin.Context) error {
	form := readRules(c)
	r := typedRules(c, form, d.dayNow())
	if !form.OK() {
		return d.showRules(c, http.StatusUnprocessableEntity, form, false)
	}
	err := d.write(c, "setup_saved", func(tx *store.Tx) (string, error) {
		s, err := booking.ServiceByRef(tx, refOf(c))
		if err != nil {
			return "", err
		}
		r.ServiceID = s.ID
		return "/setup/services", booking.SetRules(tx, actor(c), r)
	})
	return refused(c, err, form, d.showRules)
}

func (d *Desk) clearRules(c *gin.Context) error {
	err := d.write(c, "setup_saved", func(tx *store.Tx) (string, error) {
		s, err := booking.ServiceByRef(tx, refOf(c))
		if err != nil {
			return "", err
		}
		return "/setup/services", booking.ClearRules(tx, actor(c), s.ID, version(c))
	})
	return refused(c, err, readRules(c), d.showRules)
}
