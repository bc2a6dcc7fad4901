package booking

import (
	"fmt"
	"regexp"
	"time"

	"madoguchi/app/audit"
	"madoguchi/app/jp"
	"madoguchi/store"
)

// Service is what people come for (業務).
type Service struct {
	ID      int64
	Ref     store.Ref
	Code    string // its name in files and feeds; may be empty
	Name    string
	Minutes int // time at the counter that one person needs
	// WithoutNotice is set where no notice number is asked for, but a name and
	// a telephone number.
	WithoutNotice bool
	StaffOnly     bool   // residents cannot book it themselves
	Announcement  string // shown to residents who are about to book
	Fee           string // what it costs, in words
	Position      int    // order on lists
	RetiredAt     time.Time
	Version       int
}

// Codes of the services that every town has.
const (
	CardIssuanceCode       = "card_issuance"
	CertificateRenewalCode = "certificate_renewal"
	CardApplicationCode    = "card_application"
	PINResetCode           = "pin_reset"
)

// Retired reports whether the service is no longer offered.
func (s Service) Retired() bool { return !s.RetiredAt.IsZero() }

func (s Service) subject() audit.Subject { return audit.Subject{Kind: "service", Ref: s.Ref} }

const serviceColumns = `service.id, service.ref, service.code, service.name, service.minutes, service.without_notice,
	service.staff_only, service.announcement, service.fee, service.position, service.retired_at, service.version`

// Services lists every service that is offered, in the town's order.
func Services(tx *store.Tx) ([]Service, error) {
	return store.All[Service](tx, `SELECT `+serviceColumns+` FROM service WHERE retired_at IS NULL ORDER BY position, id`)
}

// AllServices lists retired services too, after those that are offered.
func AllServices(tx *store.Tx) ([]Service, error) {
	return store.All[Service](tx, `SELECT `+serviceColumns+` FROM service ORDER BY retired_at IS NOT NULL, position, id`)
}

// ServiceByRef finds a service by the Ref in an address, a retired one too.
// Problem: ServiceNotFound.
func ServiceByRef(tx *store.Tx, ref store.Ref) (Service, error) {
	s, err := store.One[Service](tx, `SELECT `+serviceColumns+` FROM service WHERE ref = ?`, ref)
	return found(s, err, ServiceNotFound)
}

// ServiceByID finds a service by its row. Problem: ServiceNotFound.
func ServiceByID(tx *store.Tx, id int64) (Service, error) {
	s, err := store.One[Service](tx, `SELECT `+serviceColumns+` FROM service WHERE id = ?`, id)
	return found(s, err, ServiceNotFound)
}

// CardIssuance is the service that delivery notices are for: the one with
// CardIssuanceCode, or the first where none has the code. Problem:
// ServiceNotFound while the town has set up none.
func CardIssuance(tx *store.Tx) (Service, error) {
	s, err := store.One[Service](tx, `SELECT `+serviceColumns+` FROM service WHERE retired_at IS NULL
		ORDER BY code <> ?, position, id LIMIT 1`, CardIssuanceCode)
	return found(s, err, ServiceNotFound)
}

// AddService adds a service at the end of the list. Problems on name, code,
// minutes, announcement, fee: NameMissing, NameTaken, ServiceCodeForm,
// ServiceCodeTaken, ServiceMinutes, card.TooLong.
func AddService(tx *store.Tx, by audit.Actor, s Service) (Service, error) {
	if err := s.check(); err != nil {
		return s, err
	}
	s.Ref = store.NewRef()
	_, err := tx.Insert(`INSERT INTO service (ref, code, name, minutes, without_notice, staff_only, announcement, fee, position)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, (SELECT count(*) + 1 FROM service))`,
		s.Ref, s.Code, s.Name, s.Minutes, s.WithoutNotice, s.StaffOnly, s.Announcement, s.Fee)
	if err != nil {
		return s, fmt.Errorf("add service: %w", serviceNamed(err))
	}
	if err := audit.Record(tx, by, audit.ServiceAdded, s.subject(), nil); err != nil {
		return s, err
	}
	return ServiceByRef(tx, s.Ref)
}

// EditService writes what AddService takes, and the position, to the service
// with s's Ref and Version. Problems: AddService's, ServiceNotFound, SetupStale.
func EditService(tx *store.Tx, by audit.Actor, s Service) (Service, error) {
	if _, err := ServiceByRef(tx, s.Ref); err != nil {
		return s, err
	}
	if err := s.check(); err != nil {
		return s, err
	}
	err := changed(tx.Exec(`UPDATE service SET code = ?, name = ?, minutes = ?, without_notice = ?, staff_only = ?, announcement = ?, fee = ?,
		position = ?, version = version + 1 WHERE ref = ? AND version = ?`,
		s.Code, s.Name, s.Minutes, s.WithoutNotice, s.StaffOnly, s.Announcement, s.Fee, s.Position, s.Ref, s.Version))
	if err != nil {
		return s, fmt.Errorf("edit service: %w", serviceNamed(err))
	}
	if err := audit.Record(tx, by, audit.ServiceChanged, s.subject(), nil); err != nil {
		return s, err
	}
	return ServiceByRef(tx, s.Ref)
}

func serviceNamed(err error) error {
	if store.Broke(err, store.Unique, "service.code") || store.Broke(err, store.Unique, "service_code") {
		return ServiceCodeTaken.On("code")
	}
	return named(err, "service.name")
}

var serviceCode = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)

func (s *Service) check() error {
	var f faults
	s.Name = f.name("name", s.Name)
	s.Code = jp.Narrow(f.text("code", s.Code, nameLength))
	if s.Code != "" && !serviceCode.MatchString(s.Code) {
		f.add("code", ServiceCodeForm)
	}
	if s.Minutes < 1 || s.Minutes > 480 {
		f.add("minutes", ServiceMinutes)
	}
	s.Announcement = f.text("announcement", s.Announcement, textLength)
	s.Fee = f.text("fee", s.Fee, bringLength)
	return f.err()
}

// RetireService stops offering a service for good and closes its slots to
// come. While bookings to come stand it is refused. Problems: ServiceNotFound,
// SetupStale, ServiceInUse.
func RetireService(tx *store.Tx, by audit.Actor, ref store.Ref, version int) error {
	s, err := ServiceByRef(tx, ref)
	if err != nil {
		return err
	}
	n, err := liveFrom(tx, "slot.service_id = ?", s.ID)
	if err != nil {
		return err
	}
	if n > 0 {
		return ServiceInUse.With("bookings", fmt.Sprint(n))
	}
	err = changed(tx.Exec(`UPDATE service SET retired_at = ?, version = version + 1 WHERE id = ? AND version = ? AND retired_at IS NULL`,
		tx.Now, s.ID, version))
	if err != nil {
		return fmt.Errorf("retire service: %w", err)
	}
	closed, err := tx.Exec(`UPDATE slot SET open = 0, stop_id = NULL, version = version + 1
		WHERE service_id = ? AND (open = 1 OR stop_id IS NOT NULL) AND held_on >= ?`, s.ID, jp.DateOf(tx.Now))
	if err != nil {
		return fmt.Errorf("close slots of retired service: %w", err)
	}
	return audit.Record(tx, by, audit.ServiceRetired, s.subject(), audit.Detail{"slots": closed})
}

// standard are the services that every town offers. The minutes are what towns
// plan with: about thirty for the issue of a card, fifteen for the rest.
var standard = []Service{
	{Code: CardIssuanceCode, Name: "マイナンバーカードの受け取り", Minutes: 30},
	{Code: CertificateRenewalCode, Name: "電子証明書の更新", Minutes: 15, WithoutNotice: true},
	{Code: CardApplicationCode, Name: "カードの申請のお手伝い", Minutes: 15, WithoutNotice: true},
	{Code: PINResetCode, Name: "暗証番号の再設定", Minutes: 15, WithoutNotice: true},
}

// EnsureServices gives a store without any service those that every town
// offers, with what to bring.
func EnsureServices(tx *store.Tx, by audit.Actor) error {
	n, err := store.One[int](tx, `SELECT count(*) FROM service`)
	if err != nil || n > 0 {
		return err
	}
	for _, s := range standard {
		s, err := AddService(tx, by, s)
		if err != nil {
			return err
		}
		if err := SetBring(tx, by, s.Ref, s.Version, standardBring(s.Code)); err != nil {
			return err
		}
	}
	return nil
}
