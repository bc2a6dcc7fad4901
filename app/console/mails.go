package console

import (
	"fmt"
	"net/http"

	"github.com/gin-gonic/gin"

	"madoguchi/app/mail"
	"madoguchi/app/staff"
	"madoguchi/app/web"
	"madoguchi/store"
)

func (d *Desk) mailRoutes() []guarded {
	return []guarded{
		d.need(staff.MaySeeMail, web.GET("/mails", d.mails)),
		d.need(staff.MaySeeMail, web.GET("/mails/again", toMails)),
		d.need(staff.MaySeeMail, web.POST("/mails/again", d.sendAllAgain)),
		d.need(staff.MaySeeMail, web.GET("/mails/:ref/again", toMails)),
		d.need(staff.MaySeeMail, web.POST("/mails/:ref/again", d.sendAgain)),
		d.need(staff.MaySeeMail, web.GET("/mails/:ref/told", toMails)),
		d.need(staff.MaySeeMail, web.POST("/mails/:ref/told", d.told)),
	}
}

func toMails(c *gin.Context) error { return web.To(c, "/mails") }

// mailsPage shows what became of the town's mails (送信の状況).
type mailsPage struct {
	page
	From   string // "" where no mail server is set up
	Lists  []link
	Shown  mail.State
	Rows   []mailRow
	Most   int // shown at most
	Cut    bool
	Server string // what is wrong with the mail server; "" when nothing is
	Ours   int    // failures for which the mail server was to blame
}

// mailRow is a mail in words.
type mailRow struct {
	Ref       store.Ref
	Kind      string
	Name      string
	Path      string
	Telephone string
	QueuedAt  string
	Result    string // what became of it, or when it is tried next
	Why       string
	Attempts  int
	ToldAt    string
}

// mailLists are the three lists, what needs somebody first.
var mailLists = []struct {
	state mail.State
	query string
	label string
}{{mail.Failed, "", "送れなかったもの"}, {mail.Waiting, "waiting", "これから送るもの"}, {mail.Sent, "over", "送ったもの・終わったもの"}}

func (d *Desk) mails(c *gin.Context) error {
	p := mailsPage{From: d.mailFrom, Shown: mail.Failed, Most: mail.ListMost}
	for _, l := range mailLists {
		if l.query == c.Query("list") {
			p.Shown = l.state
		}
	}
	err := d.store.Read(c, func(tx *store.Tx) error {
		for _, l := range mailLists {
			n, err := mail.Count(tx, l.state, limitOf(c))
			if err != nil {
				return err
			}
			to := link{Path: "/mails", Label: fmt.Sprintf("%s（%d件）", l.label, n), Here: l.state == p.Shown}
			if l.query != "" {
				to.Path += "?list=" + l.query
			}
			p.Lists = append(p.Lists, to)
			p.Cut = p.Cut || to.Here && n > mail.ListMost
		}
		lines, err := mail.List(tx, p.Shown, limitOf(c))
		if err != nil {
			return err
		}
		for _, l := range lines {
			p.Rows = append(p.Rows, mailRowOf(l))
		}
		return p.server(tx, limitOf(c))
	})
	if err != nil {
		return err
	}
	return d.show(c, http.StatusOK, "mails", "メールの送信の状況", &p)
}

// server finds out whether the mail server is to blame for what waits or failed.
func (p *mailsPage) server(tx *store.Tx, of mail.Places) error {
	for _, s := range []mail.State{mail.Failed, mail.Waiting} {
		lines, err := mail.List(tx, s, of)
		if err != nil {
			return err
		}
		for _, l := range lines {
			if !l.Why.Ours() {
				continue
			}
			if p.Server == "" || s == mail.Waiting {
				p.Server = l.Why.Label()
			}
			if s == mail.Failed {
				p.Ours++
			}
		}
	}
	return nil
}

// mailPath is where there is more about whom a mail goes to: a visitor's
// booking; "" for one who only waits.
func mailPath(l mail.Line) string {
	switch {
	case l.CardRef != "":
		return "/recipients/" + string(l.CardRef)
	case l.BookingNumber != "" && l.Kind != mail.Offered:
		return bookingPath(l.BookingRef)
	}
	return ""
}

func mailRowOf(l mail.Line) mailRow {
	r := mailRow{
		Ref: l.Ref, Kind: l.Kind.Label(), Name: l.Name, Path: mailPath(l), Telephone: orNone(l.Telephone),
		QueuedAt: recently(l.QueuedAt), Why: l.Why.Label(), Attempts: l.Attempts, ToldAt: recently(l.ToldAt),
	}
	switch l.State {
	case mail.Sent:
		r.Result = recently(l.EndedAt) + " に送りました"
	case mail.Failed:
		r.Result = recently(l.EndedAt) + " に送信をあきらめました"
	case mail.Dropped:
		r.Result = "送りませんでした"
	case mail.Sending:
		r.Result = "送信中です"
	case mail.Waiting:
		r.Result = "まもなく送ります"
		if !l.NextAt.IsZero() {
			r.Result = recently(l.NextAt) + " に送ります"
		}
	}
	return r
}

// ourMail is NotHere for the mail of the request where it is about a booking at a
// place at which who is signed in does not work.
func ourMail(tx *store.Tx, c *gin.Context) error {
	yes, err := mail.Belongs(tx, refOf(c), limitOf(c))
	if err == nil && !yes {
		err = NotHere
	}
	return err
}

func (d *Desk) sendAgain(c *gin.Context) error {
	return d.write(c, "mail_again", func(tx *store.Tx) (string, error) {
		if err := ourMail(tx, c); err != nil {
			return "", err
		}
		return "/mails", mail.SendAgain(tx, actor(c), refOf(c))
	})
}

func (d *Desk) sendAllAgain(c *gin.Context) error {
	return d.write(c, "mail_again", func(tx *store.Tx) (string, error) {
		_, err := mail.SendAllAgain(tx, actor(c), limitOf(c))
		return "/mails", err
	})
}

// told notes that the person was told by telephone or at the counter.
func (d *Desk) told(c *gin.Context) error {
	return d.write(c, "mail_told", func(tx *store.Tx) (string, error) {
		if err := ourMail(tx, c); err != nil {
			return "", err
		}
		return "/mails", mail.Told(tx, actor(c), refOf(c))
	})
}
