package settings

import (
	"errors"
	"strings"
	"testing"

	"madoguchi/app/apptest"
	"madoguchi/app/audit"
	"madoguchi/store"
)

func TestEverySettingIsKeptAndReadBack(t *testing.T) {
	st, _ := apptest.Store(t)
	by := audit.Command("test")
	values := map[string]string{
		"town.name": "南部町", "service.name": "予約", "office.telephone": "0178-00-0001", "town.municipality_code": "024457", "town.municipality": "青森県三戸郡南部町",
		"booking.first_day_ahead": "2", "booking.days_ahead": "30", "booking.change_cutoff_hours": "24", "booking.what_to_bring": "通知書\n身分証",
		"session.resident_minutes": "20", "session.staff_minutes": "15", "password.length": "12", "demo": "1",
		"booking.hold_minutes": "5", "booking.together_most": "3", "booking.contact_most": "4", "booking.late_minutes": "15",
		"waiting.offer_hours": "6", "mail.reminders": "0", "mail.remind_at": "09:30", "closed.holidays": "0", "closed.year_end": "0",
		"look.colour": "#00572d", "look.where": "resident", "look.logo": strings.Repeat("0a", 32) + " 240x96",
	}
	for name := range entries {
		if values[name] == "" {
			t.Errorf("setting %s is not tried", name)
		}
	}
	for name, value := range values {
		apptest.Write(t, st, func(tx *store.Tx) error { return Set(tx, by, name, value) })
		apptest.Read(t, st, func(tx *store.Tx) error {
			s, err := Get(tx)
			if got := entries[name].write(s); got != value {
				t.Errorf("%s: got %q, want %q", name, got, value)
			}
			return err
		})
	}
	apptest.Read(t, st, func(tx *store.Tx) error {
		town, err := Get(tx)
		if got := town.Value("booking.days_ahead"); err != nil || got != "30" || town.Value("weather") != "" {
			t.Errorf("got %q, %v, want the value as it is kept", got, err)
		}
		log, err := audit.Of(tx, audit.Subject{Kind: "setting", Ref: "booking.days_ahead"})
		if len(log) != 1 || log[0].Detail != `{"after":"30","before":"60"}` {
			t.Errorf("got %+v, want the old and the new value", log)
		}
		return err
	})
}

func TestImpossibleValuesAreRefused(t *testing.T) {
	st, _ := apptest.Store(t)
	for name, value := range map[string]string{
		"booking.days_ahead": "soon", "session.staff_minutes": "0", "password.length": "4", "town.municipality_code": "0244570",
		"closed.holidays": "yes", "look.where": "nowhere", "look.logo": "logo.png",
	} {
		err := st.Write(t.Context(), func(tx *store.Tx) error { return Set(tx, audit.Command("test"), name, value) })
		if !errors.Is(err, ErrValue) {
			t.Errorf("%s = %s: got %v, want ErrValue", name, value, err)
		}
	}
	err := st.Write(t.Context(), func(tx *store.Tx) error { return Set(tx, audit.Command("test"), "weather", "fine") })
	if !errors.Is(err, ErrUnknown) {
		t.Errorf("got %v, want ErrUnknown", err)
	}
}
