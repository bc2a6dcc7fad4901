package console

import (
	"net/http"
	"slices"

	"github.com/gin-gonic/gin"

	"madoguchi/app/booking"
	"madoguchi/app/staff"
	"madoguchi/app/web"
	"madoguchi/store"
)

func (d *Desk) staffVenueRoutes() []guarded {
	return []guarded{
		d.need(staff.MayManageStaff, web.GET("/setup/staff", d.staffVenues)),
		d.need(staff.MayManageStaff, web.GET("/setup/staff/:ref", d.askStaffVenues)),
		d.need(staff.MayManageStaff, web.POST("/setup/staff/:ref", d.limitStaff)),
	}
}

// staffVenuesPage lists who works where (担当者の受付場所).
type staffVenuesPage struct {
	page
	Rows []staffVenueRow
}

type staffVenueRow struct{ Path, StaffID, Name, Role, Venues, Disabled string }

func (d *Desk) staffVenues(c *gin.Context) error {
	if err := everywhere(c); err != nil {
		return err
	}
	var p staffVenuesPage
	err := d.store.Read(c, func(tx *store.Tx) error {
		accounts, err := staff.List(tx)
		if err != nil {
			return err
		}
		venues, err := booking.AllVenues(tx)
		if err != nil {
			return err
		}
		for _, a := range accounts {
			limit, err := staff.Venues(tx, a)
			if err != nil {
				return err
			}
			row := staffVenueRow{Path: "/setup/staff/" + string(a.Ref), StaffID: a.StaffID, Name: a.Name, Role: a.Role.Label(), Venues: "すべての受付場所"}
			if len(limit) > 0 {
				row.Venues = venueNames(slices.DeleteFunc(slices.Clone(venues), func(v booking.Venue) bool { return !slices.Contains(limit, v.ID) }))
			}
			if !a.DisabledAt.IsZero() {
				row.Disabled = "使えません"
			}
			p.Rows = append(p.Rows, row)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return d.show(c, http.StatusOK, "setup_staff", "担当者の受付場所", &p)
}

// accountOf finds an account, a disabled one too. Problem: staff.NotFound.
func accountOf(tx *store.Tx, ref store.Ref) (staff.Account, error) {
	accounts, err := staff.List(tx)
	if err != nil {
		return staff.Account{}, err
	}
	i := slices.IndexFunc(accounts, func(a staff.Account) bool { return a.Ref == ref })
	if i < 0 {
		return staff.Account{}, staff.NotFound
	}
	return accounts[i], nil
}

func (d *Desk) askStaffVenues(c *gin.Context) error {
	return d.showStaffVenues(c, http.StatusOK, web.ReadForm(c, "venues"), false)
}

func (d *Desk) showStaffVenues(c *gin.Context, status int, form *web.Form, stale bool) error {
	if err := everywhere(c); err != nil {
		return err
	}
	var a staff.Account
	var venues []booking.Venue
	var now []string
	err := d.store.Read(c, func(tx *store.Tx) (err error) {
		if a, err = accountOf(tx, refOf(c)); err != nil {
			return err
		}
		if venues, err = booking.Venues(tx); err != nil {
			return err
		}
		limit, err := staff.Venues(tx, a)
		for _, v := range venues {
			if slices.Contains(limit, v.ID) {
				now = append(now, string(v.Ref))
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	p := setupFormPage{Heading: a.Name + "の受付場所", Action: "/setup/staff/" + string(a.Ref), Stale: stale,
		Back:  link{Path: "/setup/staff", Label: "保存せずに戻る"},
		Facts: []fact{{"担当者ID", a.StaffID}, {"役割", a.Role.Label()}},
		Lead:  []string{"選んだ受付場所の予約と枠だけを、見たり変えたりできるようになります。1つも選ばないと、すべての受付場所を担当します。"},
	}
	p.ask(c, form, question{name: "venues", label: "担当する受付場所", kind: "checks", options: venueOptions(venues), now: now})
	return d.showForm(c, status, form, &p, a.Version)
}

func (d *Desk) limitStaff(c *gin.Context) error {
	form := web.ReadForm(c, "venues")
	err := d.write(c, "setup_saved", func(tx *store.Tx) (string, error) {
		if err := everywhere(c); err != nil {
			return "", err
		}
		a, err := accountOf(tx, refOf(c))
		if err != nil {
			return "", err
		}
		var rows []int64
		for _, ref := range form.Values("venues") {
			v, err := booking.VenueByRef(tx, store.Ref(ref))
			if err != nil {
				return "", err
			}
			rows = append(rows, v.ID)
		}
		return "/setup/staff", staff.LimitToVenues(tx, actor(c), a.StaffID, version(c), rows)
	})
	return refused(c, err, form, d.showStaffVenues)
}
