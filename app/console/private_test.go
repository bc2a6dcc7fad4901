package console

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"madoguchi/app/booking"
	"madoguchi/app/card"
	"madoguchi/app/jp"
	"madoguchi/app/sheet"
)

// A name of the town's own characters (外字) is shown with their codes on every
// page, and comes in no file without them; forms send it back as it is.
func TestOwnCharactersAreShownWithTheirCodeEverywhere(t *testing.T) {
	o := open(t)
	if _, err := raw(o.st, "UPDATE recipient SET name = '\ue0ea橋　花子', address = '大字\ue0ea吉1' WHERE ref = (SELECT recipient.ref FROM recipient JOIN card ON card.recipient_id = recipient.id WHERE card.ref = '"+string(o.hanako.Ref)+"')"); err != nil {
		t.Fatal(err)
	}
	v := o.book(o.hanako, o.slot(o.main, thursday, "9:30"), booking.StaffSeat)
	c := o.administrator()
	shown := 0
	for _, g := range o.desk.routes() {
		if g.Method != http.MethodGet || g.Path == "/sign-out" {
			continue
		}
		for _, ref := range []card.Record{o.hanako, {Card: card.Card{Ref: v.Booking.Ref}}} {
			p := c.Get(concrete(g.Path, ref))
			if n := jp.CountPrivate(p.Title() + p.Text()); n > 0 && len(p.FindAll("textarea")) == 0 {
				t.Errorf("%s: got %d characters that nobody can see", p.Path, n)
			}
			if strings.Contains(p.Text(), "〓(U+E0EA)橋") {
				shown++
			}
		}
	}
	if shown < 12 {
		t.Errorf("got the name on %d pages, want all that show the person", shown)
	}
	must(t, c.Get("/search?q=ABC-123456"), http.StatusOK, "〓(U+E0EA)橋 花子")
	must(t, c.Get("/?date="+thursday.String()), http.StatusOK, "〓(U+E0EA)橋 花子")
	form := c.Get(pathOf(o.hanako) + "/contact")
	if n := len(form.FindAll("input[value=\"大字\ue0ea吉1\"]")); n != 1 {
		t.Errorf("got %d fields with the address as it is, want 1", n)
	}

	for _, format := range sheet.Formats() {
		ask := file(c.Get("/bookings?from="+thursday.String()+"&to="+thursday.String()), string(format), true)
		must(t, ask, http.StatusUnprocessableEntity, "〓(U+E0EA)") // which characters are not in it as they are
		file := ask.Submit("/bookings/extract", url.Values{"anyway": {"1"}})
		table, err := sheet.Open([]byte(file.Body))
		if err != nil {
			t.Fatal(err)
		}
		all := ""
		for row, err := range table.Rows() {
			if err != nil || row.Private > 0 {
				t.Errorf("%s: got %q, %v", format, row.Cells, err)
			}
			all += strings.Join(row.Cells, ",")
		}
		if !strings.Contains(all, "〓(U+E0EA)橋　花子") {
			t.Errorf("%s: got %q, want the name with its code", format, all)
		}
	}
}
