package console

import (
	"io/fs"
	"path"
	"strings"
	"testing"

	"github.com/jba/templatecheck"

	"madoguchi/app/apptest"
)

// pages is every page template with the struct that it is given.
var pages = map[string]any{
	"sign_in":       &signInPage{},
	"password":      &passwordPage{},
	"today":         &todayPage{},
	"check_in":      &checkInPage{},
	"papers":        &papersPage{},
	"board":         &boardPage{},
	"bookings":      &bookingsPage{},
	"read":          &readPage{},
	"search":        &searchPage{},
	"recipient":     &recipientPage{},
	"choose_slot":   &chooseSlotPage{},
	"check_slot":    &checkSlotPage{},
	"booked":        &bookedPage{},
	"cancel":        &cancelPage{},
	"issue":         &issuePage{},
	"announcements": &announcementsPage{}, "translations": &translationsPage{}, "translation": &translationForm{}, "announcement": &announcementPage{}, "announcement_preview": &previewPage{},
	"letter": &letterPage{}, "question": &questionPage{}, "removal": &removalPage{},
	"contact":  &contactPage{},
	"conflict": &conflictPage{},

	"setup":               &setupPage{},
	"setup_form":          &setupFormPage{},
	"setup_venues":        &venuesPage{},
	"setup_venue":         &venuePage{},
	"setup_services":      &servicesPage{},
	"setup_bring":         &bringPage{},
	"setup_reasons":       &proxyReasonsPage{},
	"setup_hours":         &hoursPage{},
	"setup_hours_sets":    &hoursSetsPage{},
	"setup_hours_form":    &hoursFormPage{},
	"setup_hours_preview": &hoursPreviewPage{},
	"setup_plan":          &planPage{},
	"setup_closed":        &closedPage{},
	"setup_day":           &slotDayPage{},
	"setup_stops":         &stopsPage{},
	"setup_stop":          &stopPage{},
	"setup_staff":         &staffVenuesPage{},
	"setup_settings":      &settingsPage{},

	"error":        &errorPage{},
	"booking":      &bookingPage{},
	"pick_card":    &pickCardPage{},
	"slip":         &slipPage{},
	"together":     &togetherPage{},
	"moves":        &movesPage{},
	"moved":        &movedPage{},
	"waiting":      &waitingPage{},
	"waiting_quit": &quitPage{},
	"left_behind":  &leftPage{},
	"left_settle":  &settlePage{},
	"waiting_join": &joinPage{},
	"mails":        &mailsPage{},
	"runbook":      &runbookPage{},
	"system":       &systemPage{},
}

func TestTemplatesFitTheirPageStructs(t *testing.T) {
	st, _ := apptest.Store(t)
	d, err := New(t.Context(), Options{Store: st, Files: apptest.Files()})
	if err != nil {
		t.Fatal(err)
	}
	files, err := fs.Glob(apptest.Files(), "templates/console/*.html")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != len(pages) {
		t.Errorf("got %d templates, want one for each of %d pages", len(files), len(pages))
	}
	for _, file := range files {
		name := strings.TrimSuffix(path.Base(file), ".html")
		view := d.site.View("console/" + name + ".html").Lookup("layout")
		if pages[name] == nil {
			t.Errorf("%s has no page struct", file)
			continue
		}
		if err := templatecheck.CheckHTML(view, pages[name]); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
}
