// Package settings keeps how the town works (設定): typed values with defaults,
// each change with who, when and the old value in the audit log.
package settings

import (
	"fmt"
	"strconv"
	"time"
	"unicode/utf8"

	"madoguchi/app/audit"
	"madoguchi/app/jp"
	"madoguchi/app/problem"
	"madoguchi/store"
)

// Problems of Set.
var (
	ErrUnknown = problem.Define(problem.Invalid, "setting_unknown")
	ErrValue   = problem.Define(problem.Invalid, "setting_value")
)

// Settings are the town's values, defaults filled in where it has set none.
type Settings struct {
	// TownName names the municipality on every page, such as 南部町.
	TownName string
	// ServiceName is the heading of both sites (サービス名).
	ServiceName string
	// OfficeTelephone is whom to call when a page cannot help; empty while unset.
	OfficeTelephone string
	// MunicipalityCode is the six-digit code (全国地方公共団体コード) that list
	// payloads of this town carry; empty accepts any.
	MunicipalityCode string
	// Municipality is the town with its prefecture and county, as Japan Post
	// writes it (青森県三戸郡南部町): addresses that name no municipality are
	// its own. Empty means that of the built-in postal list.
	Municipality string

	// FirstDayAhead is how many days ahead the first bookable day lies, 1 = tomorrow.
	FirstDayAhead int
	// DaysAhead is how many days ahead the last bookable day lies.
	DaysAhead int
	// ChangeCutoffHours is how many hours before its start a resident may last
	// change or cancel a booking; 0 = until it starts.
	ChangeCutoffHours int
	// HoldMinutes is how long a slot is held while answers are checked
	// (仮押さえ); 0 = not at all.
	HoldMinutes int
	// TogetherMost is how many cards may be booked for one visit.
	TogetherMost int
	// ContactMost is how many live bookings one telephone number may have for
	// services that need no delivery notice.
	ContactMost int
	// LateMinutes is how many minutes after its start a visit counts as late:
	// who comes later waits after those who were on time, and who has not come
	// by then may be marked as a no-show.
	LateMinutes int
	// OfferHours is how long a place is held for someone on the waiting list.
	OfferHours int
	// ClosedOnHolidays and ClosedAtYearEnd close every place on national holidays
	// and from 29 December to 3 January, extra openings apart.
	ClosedOnHolidays bool
	ClosedAtYearEnd  bool
	// WhatToBring is one line for each thing to bring (持ち物).
	WhatToBring string

	// Reminders sends everyone with a mail address a reminder the day before, from
	// RemindAt on.
	Reminders bool
	RemindAt  jp.Clock

	// ResidentIdle and StaffIdle end a session after that time without a request.
	ResidentIdle time.Duration
	StaffIdle    time.Duration
	// PasswordLength is the least number of characters of a staff password.
	PasswordLength int

	// Colour is that of buttons, links and the line at the top of the sites, as
	// #rrggbb; "" is the usual one.
	Colour string
	// Look says where the colour and the logo are seen: LookBoth or LookResident.
	Look string
	// Logo is the picture at the top; SetLogo changes it.
	Logo LogoFacts

	// Demo marks a store with fictional data.
	Demo bool
}

func defaults() Settings {
	return Settings{
		TownName:    "市区町村",
		ServiceName: "マイナンバーカード交付予約",
		WhatToBring: "交付通知書（はがき）\n本人確認書類（運転免許証など）\n通知カード（お持ちのかた）\n住民基本台帳カード・以前のマイナンバーカード（お持ちのかた）",

		FirstDayAhead: 1,
		DaysAhead:     60,

		HoldMinutes:  10,
		TogetherMost: 5,
		ContactMost:  2,
		LateMinutes:  10,
		OfferHours:   12,

		ClosedOnHolidays: true,
		ClosedAtYearEnd:  true,

		Reminders: true,
		RemindAt:  10 * 60,

		Look: LookBoth,

		ResidentIdle:   30 * time.Minute,
		StaffIdle:      30 * time.Minute,
		PasswordLength: 10,
	}
}

// entry reads and writes one setting as text.
type entry struct {
	read  func(*Settings, string) error
	write func(Settings) string
}

// entries lists every setting by the name that the table keeps.
var entries = map[string]entry{
	"town.name":                   text(func(s *Settings) *string { return &s.TownName }, 40),
	"service.name":                text(func(s *Settings) *string { return &s.ServiceName }, 60),
	"office.telephone":            text(func(s *Settings) *string { return &s.OfficeTelephone }, 30),
	"town.municipality_code":      text(func(s *Settings) *string { return &s.MunicipalityCode }, 6),
	"town.municipality":           text(func(s *Settings) *string { return &s.Municipality }, 40),
	"booking.first_day_ahead":     number(func(s *Settings) *int { return &s.FirstDayAhead }, 0, 60),
	"booking.days_ahead":          number(func(s *Settings) *int { return &s.DaysAhead }, 0, 400),
	"booking.change_cutoff_hours": number(func(s *Settings) *int { return &s.ChangeCutoffHours }, 0, 24*60),
	"booking.hold_minutes":        number(func(s *Settings) *int { return &s.HoldMinutes }, 0, 60),
	"booking.together_most":       number(func(s *Settings) *int { return &s.TogetherMost }, 1, 20),
	"booking.contact_most":        number(func(s *Settings) *int { return &s.ContactMost }, 1, 20),
	"booking.late_minutes":        number(func(s *Settings) *int { return &s.LateMinutes }, 0, 240),
	"waiting.offer_hours":         number(func(s *Settings) *int { return &s.OfferHours }, 1, 72),
	"booking.what_to_bring":       text(func(s *Settings) *string { return &s.WhatToBring }, 2000),
	"mail.reminders":              flag(func(s *Settings) *bool { return &s.Reminders }),
	"mail.remind_at":              clock(func(s *Settings) *jp.Clock { return &s.RemindAt }),
	"session.resident_minutes":    minutes(func(s *Settings) *time.Duration { return &s.ResidentIdle }, 5, 24*60),
	"session.staff_minutes":       minutes(func(s *Settings) *time.Duration { return &s.StaffIdle }, 5, 24*60),
	"password.length":             number(func(s *Settings) *int { return &s.PasswordLength }, 8, 64),
	"closed.holidays":             flag(func(s *Settings) *bool { return &s.ClosedOnHolidays }),
	"closed.year_end":             flag(func(s *Settings) *bool { return &s.ClosedAtYearEnd }),
	"look.colour":                 colour(func(s *Settings) *string { return &s.Colour }),
	"look.where":                  oneOf(func(s *Settings) *string { return &s.Look }, LookBoth, LookResident),
	"look.logo":                   logoFacts(),
	"demo":                        flag(func(s *Settings) *bool { return &s.Demo }),
}

// flag is "1" for yes and "0" for no.
func flag(field func(*Settings) *bool) entry {
	return entry{
		read: func(s *Settings, v string) error {
			if v != "0" && v != "1" {
				return ErrValue.With("least", "0").With("most", "1")
			}
			*field(s) = v == "1"
			return nil
		},
		write: func(s Settings) string { return strconv.Itoa(map[bool]int{true: 1}[*field(&s)]) },
	}
}

func text(field func(*Settings) *string, most int) entry {
	return entry{
		read: func(s *Settings, v string) error {
			if utf8.RuneCountInString(v) > most {
				return ErrValue.With("most", strconv.Itoa(most))
			}
			*field(s) = v
			return nil
		},
		write: func(s Settings) string { return *field(&s) },
	}
}

func clock(field func(*Settings) *jp.Clock) entry {
	return entry{
		read: func(s *Settings, v string) error {
			c, err := jp.ParseClock(v)
			if err != nil {
				return ErrValue.With("least", "0:00").With("most", "23:59")
			}
			*field(s) = c
			return nil
		},
		write: func(s Settings) string { return field(&s).String() },
	}
}

func number(field func(*Settings) *int, least, most int) entry {
	return entry{
		read: func(s *Settings, v string) error {
			n, err := strconv.Atoi(v)
			if err != nil || n < least || n > most {
				return ErrValue.With("least", strconv.Itoa(least)).With("most", strconv.Itoa(most))
			}
			*field(s) = n
			return nil
		},
		write: func(s Settings) string { return strconv.Itoa(*field(&s)) },
	}
}

func minutes(field func(*Settings) *time.Duration, least, most int) entry {
	n := number(func(*Settings) *int { return new(int) }, least, most)
	return entry{
		read: func(s *Settings, v string) error {
			if err := n.read(s, v); err != nil {
				return err
			}
			m, err := strconv.Atoi(v)
			*field(s) = time.Duration(m) * time.Minute
			return err
		},
		write: func(s Settings) string { return strconv.Itoa(int(*field(&s) / time.Minute)) },
	}
}

// Get reads all settings.
func Get(tx *store.Tx) (Settings, error) {
	s := defaults()
	type row struct{ Name, Value string }
	rows, err := store.All[row](tx, `SELECT name, value FROM setting`)
	if err != nil {
		return s, fmt.Errorf("read settings: %w", err)
	}
	for _, r := range rows {
		e, known := entries[r.Name]
		if !known {
			continue // a later release's; it is back when that release is
		}
		if err := e.read(&s, r.Value); err != nil {
			return s, fmt.Errorf("setting %s: %w", r.Name, err)
		}
	}
	return s, nil
}

// Value is a setting as the table keeps it, "" for a name that is none.
func (s Settings) Value(name string) string {
	e, known := entries[name]
	if !known {
		return ""
	}
	return e.write(s)
}

// Set changes one setting. Problems: ErrUnknown, ErrValue.
func Set(tx *store.Tx, by audit.Actor, name, value string) error {
	e, known := entries[name]
	if !known {
		return ErrUnknown.With("name", name)
	}
	before, err := Get(tx)
	if err != nil {
		return err
	}
	after := before
	if err := e.read(&after, value); err != nil {
		return err
	}
	_, err = tx.Exec(`INSERT INTO setting (name, value, changed_at) VALUES (?, ?, ?)
		ON CONFLICT (name) DO UPDATE SET value = excluded.value, changed_at = excluded.changed_at`, name, value, tx.Now)
	if err != nil {
		return fmt.Errorf("set %s: %w", name, err)
	}
	return audit.Record(tx, by, audit.SettingChanged, audit.Subject{Kind: "setting", Ref: store.Ref(name)},
		audit.Detail{"before": e.write(before), "after": e.write(after)})
}
