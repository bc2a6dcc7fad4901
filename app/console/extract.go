package console

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/gin-gonic/gin"

	"madoguchi/app/audit"
	"madoguchi/app/booking"
	"madoguchi/app/problem"
	"madoguchi/app/sheet"
	"madoguchi/app/web"
	"madoguchi/store"
)

// extractLimit is the most rows of one file: as many as an answer holds in
// memory without hurting the others.
const extractLimit = 50_000

// TooManyRows refuses an extract that is larger than a file should be.
var TooManyRows = problem.Define(problem.Invalid, "extract_too_many")

// column is one column of an extract. Those with personal data are left out
// unless they are asked for.
type column struct {
	title    string
	width    int
	personal bool
	value    func(booking.ExtractRow) string
}

var columns = []column{
	{"来庁日", 12, false, func(r booking.ExtractRow) string { return r.Visit.Slot.HeldOn.String() }},
	{"開始", 8, false, func(r booking.ExtractRow) string { return r.Visit.Slot.Starts.String() }},
	{"終了", 8, false, func(r booking.ExtractRow) string { return r.Visit.Slot.Ends.String() }},
	{"受付場所", 18, false, func(r booking.ExtractRow) string { return r.Visit.Venue.Name }},
	{"用件", 24, false, func(r booking.ExtractRow) string { return r.Service }},
	{"予約番号", 12, false, func(r booking.ExtractRow) string { return r.Visit.Number.String() }},
	{"状態", 10, false, func(r booking.ExtractRow) string { return r.Visit.State.Label() }},
	{"受付方法", 10, false, func(r booking.ExtractRow) string { return r.Visit.Channel.Label() }},
	{"枠外", 6, false, func(r booking.ExtractRow) string { return yes(r.Visit.Seat == booking.OverSeat) }},
	{"交付区分", 12, false, func(r booking.ExtractRow) string { return r.Record.KindName }},
	{"交付通知書番号", 14, true, func(r booking.ExtractRow) string { return r.Record.NoticeNumber.String() }},
	{"氏名", 18, true, func(r booking.ExtractRow) string { return r.Record.Name }},
	{"カナ氏名", 20, true, func(r booking.ExtractRow) string { return r.Record.KanaName }},
	{"生年月日", 12, true, func(r booking.ExtractRow) string { return r.Record.Birth.String() }},
	{"電話番号", 16, true, func(r booking.ExtractRow) string { return r.Record.Telephone }},
	{"理由", 24, true, func(r booking.ExtractRow) string { return r.Visit.Reason }},
	{"予約した日時", 18, false, func(r booking.ExtractRow) string { return fileTime(r.Visit.BookedAt) }},
	{"変更した日時", 18, false, func(r booking.ExtractRow) string { return fileTime(r.Visit.ChangedAt) }},
	{"取り消した日時", 18, false, func(r booking.ExtractRow) string { return fileTime(r.Visit.CancelledAt) }},
	{"受付時刻", 18, false, func(r booking.ExtractRow) string { return fileTime(r.Visit.CheckedInAt) }},
	{"呼出時刻", 18, false, func(r booking.ExtractRow) string { return fileTime(r.Visit.CalledAt) }},
	{"窓口", 10, false, func(r booking.ExtractRow) string { return r.Visit.CalledTo }},
	{"終了時刻", 18, false, func(r booking.ExtractRow) string { return fileTime(r.Visit.EndedAt) }},
}

func yes(b bool) string {
	if b {
		return "はい"
	}
	return ""
}

// extract makes a file of the list. Where it cannot hold a character, that is
// said first, and the file is made when someone wants it all the same. The file is made before the entry in the
// audit log is written, and sent after: no file leaves the console without its
// entry, and the entry says how many rows it had. The form's token is not asked
// for: each time a file is made is an extract of its own.
func (d *Desk) extract(c *gin.Context) error {
	form := readBookings(c)
	format := sheet.ParseFormat(form.Value("format"))
	file := extractFile{format: format, personal: form.Value("personal") == "1"}
	err := d.store.Read(c, func(tx *store.Tx) error {
		v, err := readView(tx, c, form)
		if err != nil || !form.OK() {
			return err
		}
		file.view = v
		return file.make(tx)
	})
	if refused, ok := problem.As(err); ok && refused.Kind == problem.Invalid {
		form.Apply(refused)
	} else if err != nil {
		return err
	}
	if !form.OK() {
		return d.showBookings(c, form, &bookingsPage{})
	}
	if len(file.lost) > 0 && form.Value("anyway") != "1" {
		return d.showBookings(c, form, &bookingsPage{Lost: file.lost, LostMore: file.lostMore})
	}
	err = d.store.Write(c, func(tx *store.Tx) error {
		return audit.Record(tx, actor(c), audit.BookingsExtracted, audit.Subject{Kind: "bookings"}, file.detail())
	})
	if err != nil {
		return err
	}
	v := file.view
	name := "予約一覧_" + v.From.String() + "_" + v.To.String() + format.Extension()
	ascii := "bookings_" + v.From.String() + "_" + v.To.String() + format.Extension()
	return web.Send(c, format.MediaType(), ascii, name, file.body.Bytes())
}

// extractFile is a file of bookings while it is made.
type extractFile struct {
	view     bookingsView
	format   sheet.Format
	personal bool
	body     bytes.Buffer
	rows     int
	lost     []string // places of characters that the format cannot hold
	lostMore int
}

// lostShown is how many of the characters that cannot be written are named.
const lostShown = 20

func (f *extractFile) make(tx *store.Tx) (err error) {
	_, total, err := booking.CountExtract(tx, f.view.Filter)
	switch {
	case err != nil:
		return err
	case total > extractLimit:
		return TooManyRows.On("to").With("most", fmt.Sprint(extractLimit)).With("rows", fmt.Sprint(total))
	}
	var used []column
	var titles []string
	var widths []int
	for _, one := range columns {
		if f.personal || !one.personal {
			used, titles, widths = append(used, one), append(titles, one.title), append(widths, one.width)
		}
	}
	w, err := sheet.NewWriter(&f.body, sheet.Options{Format: f.format, Title: "予約の一覧", Widths: widths})
	if err != nil {
		return err
	}
	if err := w.Write(titles...); err != nil {
		return errors.Join(err, w.Close())
	}
	cells := make([]string, len(used))
	err = booking.EachExtract(tx, f.view.Filter, func(r booking.ExtractRow) error {
		for i, one := range used {
			cells[i] = one.value(r)
		}
		f.rows++
		return w.Write(cells...)
	})
	places, lost := w.Lost()
	for _, l := range places[:min(len(places), lostShown)] {
		f.lost = append(f.lost, l.String())
	}
	f.lostMore = lost - len(f.lost)
	return errors.Join(err, w.Close())
}

// detail says what was extracted. The filter holds references and days only.
func (f *extractFile) detail() audit.Detail {
	v := f.view
	var states, kinds []string
	for _, s := range v.States {
		states = append(states, string(s))
	}
	for _, k := range v.IssueKinds {
		kinds = append(kinds, string(k))
	}
	return audit.Detail{
		"from": v.From.String(), "to": v.To.String(), "venue": v.venue, "service": v.service, "channel": v.Channel,
		"states": strings.Join(states, ","), "kinds": strings.Join(kinds, ","),
		"format": f.format, "personal": f.personal, "rows": f.rows,
	}
}
