package demo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"madoguchi/app/audit"
	"madoguchi/app/booking"
	"madoguchi/app/card"
	"madoguchi/app/intake"
	"madoguchi/app/jp"
	"madoguchi/app/settings"
	"madoguchi/app/staff"
	"madoguchi/store"
)

// Errors for the operator.
var (
	// ErrSeeded says that the store holds demo data already; Resume goes on with it.
	ErrSeeded = errors.New("the database holds demo data already")
	// ErrOtherData says that the store is not for demonstrations.
	ErrOtherData = errors.New("the database holds data that is not demo data; demo data goes into an empty database only")
)

// Options say how a store is filled. The zero Options fill the usual demo.
type Options struct {
	Seed   uint64 // same seed, same people
	People int    // number of recipients; 0 means 300, fewer than 150 are not accepted
}

const (
	usualPeople = 300
	leastPeople = 150 // the day lists need about a hundred, and some must stay unbooked
	payloads    = 3
)

// Report is what someone needs to try the demo.
type Report struct {
	StaffID  string // the administrator's
	Password string // one-time password
	Notices  []Notice
	// Payloads are codes of the recipient list that were not read yet, to try
	// list reading with.
	Payloads []string
}

// Notice is what a recipient without a booking needs to sign in.
type Notice struct {
	Number    string // as printed, "ABC-123456"
	BirthDate string // "1950-05-12"
}

const administrator = "admin"

var system = audit.Command("demo")

// Start fills an empty store, or goes on with one that was filled before.
// Error: ErrOtherData.
func Start(ctx context.Context, st *store.Store, o Options) (Report, error) {
	r, err := Seed(ctx, st, o)
	if errors.Is(err, ErrSeeded) {
		return Resume(ctx, st)
	}
	return r, err
}

// Seed fills an empty store with a town at work: places, slots, recipients,
// bookings past and to come, issued cards, notes and staff. All of it is one
// transaction: it is there as a whole or not at all. Errors: ErrSeeded,
// ErrOtherData.
func Seed(ctx context.Context, st *store.Store, o Options) (Report, error) {
	if o.People == 0 {
		o.People = usualPeople
	}
	if o.People < leastPeople {
		return Report{}, fmt.Errorf("seed demo: %d recipients are too few, the least is %d", o.People, leastPeople)
	}
	var r Report
	err := st.Write(ctx, func(tx *store.Tx) error {
		if err := empty(tx); err != nil {
			return err
		}
		today := jp.DateOf(tx.Now)
		people := People(o.Seed, o.People+payloads, today)
		for _, p := range people[o.People:] {
			r.Payloads = append(r.Payloads, Payload(p))
		}
		s := newStory(o.Seed, tx.Now, people[:o.People])
		password, err := s.tell(tx)
		if err != nil {
			return err
		}
		r.StaffID, r.Password = administrator, password
		r.Notices, err = unbooked(tx)
		return err
	})
	if err != nil {
		return Report{}, fmt.Errorf("seed demo: %w", err)
	}
	return r, nil
}

// Resume goes on with a store that Seed has filled: the administrator gets a
// fresh one-time password. Error: ErrOtherData.
func Resume(ctx context.Context, st *store.Store) (Report, error) {
	r := Report{StaffID: administrator}
	err := st.Write(ctx, func(tx *store.Tx) error {
		town, err := settings.Get(tx)
		if err != nil {
			return err
		}
		if !town.Demo {
			return ErrOtherData
		}
		if r.Password, err = staff.Reset(tx, system, administrator); err != nil {
			return err
		}
		// Nobody read at the first start has these numbers: the seed is another one.
		people := People(uint64(tx.Now.UnixMilli()), leastPeople, jp.DateOf(tx.Now))
		for _, p := range people[leastPeople-payloads:] {
			r.Payloads = append(r.Payloads, Payload(p))
		}
		r.Notices, err = unbooked(tx)
		return err
	})
	if err != nil {
		return Report{}, fmt.Errorf("resume demo: %w", err)
	}
	return r, nil
}

// empty refuses a store in which anything was set up.
func empty(tx *store.Tx) error {
	town, err := settings.Get(tx)
	if err != nil {
		return err
	}
	if town.Demo {
		return ErrSeeded
	}
	rows, err := store.One[int](tx, `SELECT (SELECT count(*) FROM setting) + (SELECT count(*) FROM staff) +
		(SELECT count(*) FROM recipient) + (SELECT count(*) FROM venue) + (SELECT count(*) FROM service)`)
	if err == nil && rows > 0 {
		return ErrOtherData
	}
	return err
}

// unbooked finds three recipients who can sign in and book: never booked, the
// day of birth known.
func unbooked(tx *store.Tx) ([]Notice, error) {
	type row struct {
		NoticeNumber card.NoticeNumber
		Birth        jp.BirthDate
	}
	rows, err := store.All[row](tx, `SELECT card.notice_number, recipient.birth
		FROM card JOIN recipient ON recipient.id = card.recipient_id
		WHERE card.issued_at IS NULL AND (SELECT needs_booking FROM issue_kind WHERE code = card.issue_kind) = 1 AND recipient.birth NOT LIKE '%-00'
		  AND NOT EXISTS (SELECT 1 FROM booking WHERE booking.card_id = card.id)
		ORDER BY card.id LIMIT 3`)
	if err != nil {
		return nil, err
	}
	notices := make([]Notice, len(rows))
	for i, r := range rows {
		notices[i] = Notice{Number: r.NoticeNumber.String(), BirthDate: r.Birth.String()}
	}
	return notices, nil
}

// town writes the settings: first of all the mark that everything is invented.
func town(tx *store.Tx, days int) error {
	for _, s := range []struct{ name, value string }{
		{"demo", "1"},
		{"town.name", "南部町"},
		{"town.municipality_code", municipalityCode},
		{"service.name", "マイナンバーカード交付予約（デモ・架空データ）"},
		{"office.telephone", places[0].venue.Telephone},
		{"booking.days_ahead", fmt.Sprint(days)},
	} {
		if err := settings.Set(tx, system, s.name, s.value); err != nil {
			return fmt.Errorf("set %s: %w", s.name, err)
		}
	}
	return intake.EnsureProfile(tx, system)
}

// service adds what people come for and returns the receipt of cards.
func service(tx *store.Tx) (booking.Service, error) {
	if err := booking.EnsureServices(tx, system); err != nil {
		return booking.Service{}, err
	}
	if err := booking.EnsureProxyReasons(tx, system); err != nil {
		return booking.Service{}, err
	}
	return booking.CardIssuance(tx)
}

// openOther opens the services that need no notice at the main office, from
// tomorrow on: one place every half hour.
func openOther(tx *store.Tx, by audit.Actor, at booking.Venue, today jp.Date) error {
	services, err := booking.Services(tx)
	if err != nil {
		return err
	}
	one := place{capacity: 1}
	for _, s := range services {
		if !s.WithoutNotice {
			continue
		}
		h := booking.Hours{VenueID: at.ID, ServiceID: s.ID, EffectiveFrom: today.AddDays(1)}
		for _, day := range []time.Weekday{time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday} {
			h.Windows = append(h.Windows, booking.HoursWindow{Weekday: day, Starts: morning, Ends: closing, Minutes: int(step), Capacity: one.capacity})
		}
		if _, err := booking.SaveHours(tx, by, h); err != nil {
			return err
		}
		var windows []booking.Window
		for n := 1; n <= daysAhead; n++ {
			if day := today.AddDays(n); workingDay(day) {
				windows = append(windows, one.between(day, morning, closing)...)
			}
		}
		if err := booking.AddSlots(tx, by, at, s, windows); err != nil {
			return err
		}
	}
	return nil
}

// translated are some of the town's words in other languages; the announcement's
// text is not among them, so that it can be seen how that looks.
var translated = map[string]map[string]string{
	"南部町役場": {"en": "Nambu Town Office", "vi": "Văn phòng thị trấn Nambu", "id": "Kantor Kota Nambu"},
	"名川分庁舎": {"en": "Nagawa Branch Office", "vi": "Văn phòng chi nhánh Nagawa", "id": "Kantor Cabang Nagawa"},
	"土曜日の午前も受け付けます": {
		"ja-easy": "土曜日（どようび）の 午前（ごぜん）も 来（く）ることが できます", "en": "Also open on Saturday morning",
		"vi": "Mở cửa cả sáng thứ Bảy", "id": "Buka juga Sabtu pagi",
	},
}

// announce puts what residents are told on their site.
func announce(tx *store.Tx, by audit.Actor, today jp.Date) error {
	if err := settings.EnsureQuestions(tx, by); err != nil {
		return err
	}
	if err := settings.EnsureTranslations(tx, by); err != nil {
		return err
	}
	for original, texts := range translated {
		if err := settings.SaveTranslations(tx, by, original, texts); err != nil {
			return err
		}
	}
	_, err := settings.SaveAnnouncement(tx, by, settings.Announcement{
		Title: "土曜日の午前も受け付けます", Body: openSaturday(today).Short() + "の午前は、南部町役場でカードを受け取れます。\n" + disclaimer,
		Importance: settings.Usual, FromOn: today, UntilOn: openSaturday(today),
	})
	return err
}
