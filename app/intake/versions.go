package intake

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"madoguchi/app/audit"
	"madoguchi/app/problem"
	"madoguchi/store"
)

// Problems of versions.
var (
	ProfileNotFound = problem.Define(problem.NotFound, "profile_not_found")
	ProfileUntried  = problem.Define(problem.Conflict, "profile_untried")
)

// Saved is a profile as it is kept (読取り形式の版): never changed, one in use.
type Saved struct {
	ID           int64
	Ref          store.Ref
	Name         string
	Version      int
	Active       bool
	MadeAt       time.Time
	MadeBy       string // "" for the program itself
	SwitchedOnAt time.Time
	Definition   string
}

// Profile is what was saved.
func (s Saved) Profile() (Profile, error) {
	var p Profile
	if err := json.Unmarshal([]byte(s.Definition), &p); err != nil {
		return p, fmt.Errorf("payload profile %d: %w", s.ID, err)
	}
	return p, p.check()
}

func (s Saved) subject() audit.Subject { return audit.Subject{Kind: "payload_profile", Ref: s.Ref} }

const selectProfile = `SELECT p.id, p.ref, p.name, p.version, p.active, p.made_at, staff.name AS made_by, p.switched_on_at, p.definition
	FROM payload_profile AS p LEFT JOIN staff ON staff.id = p.made_by `

// Profiles lists every version, the one in use first, then the newest.
func Profiles(tx *store.Tx) ([]Saved, error) {
	return store.All[Saved](tx, selectProfile+`ORDER BY p.active DESC, p.id DESC`)
}

// ProfileByRef finds a version. Problem: ProfileNotFound.
func ProfileByRef(tx *store.Tx, ref store.Ref) (Saved, error) {
	s, err := store.One[Saved](tx, selectProfile+`WHERE p.ref = ?`, ref)
	if errors.Is(err, store.ErrNotFound) {
		return s, ProfileNotFound
	}
	return s, err
}

// InUse is the profile that readings are taken apart with.
func InUse(tx *store.Tx) (Saved, error) {
	s, err := store.One[Saved](tx, selectProfile+`WHERE p.active = 1`)
	if err != nil {
		return s, fmt.Errorf("find payload profile: %w", err)
	}
	return s, nil
}

// active returns the profile in use.
func active(tx *store.Tx) (int64, Profile, error) {
	s, err := InUse(tx)
	if err != nil {
		return 0, Profile{}, err
	}
	p, err := s.Profile()
	return s.ID, p, err
}

// EnsureProfile puts the guessed profile into a store that has none.
func EnsureProfile(tx *store.Tx, by audit.Actor) error {
	n, err := store.One[int](tx, `SELECT count(*) FROM payload_profile`)
	if err != nil || n > 0 {
		return err
	}
	return AddProfile(tx, by, "標準（推定）", guess)
}

// AddProfile adds a profile and makes it the one in use; the others are kept.
func AddProfile(tx *store.Tx, by audit.Actor, name string, p Profile) error {
	s, err := SaveProfile(tx, by, name, p)
	if err != nil {
		return err
	}
	return use(tx, s)
}

// SaveProfile keeps a profile as the next version of its name, without using
// it. Problems: ProfileName on "name"; those of an unusable profile on its
// fields. errors.Is tells ErrProfile in either case.
func SaveProfile(tx *store.Tx, by audit.Actor, name string, p Profile) (Saved, error) {
	name = strings.TrimSpace(name)
	if name == "" || utf8.RuneCountInString(name) > nameLength {
		return Saved{}, unusable(ProfileName.On("name"))
	}
	if err := p.check(); err != nil {
		return Saved{}, err
	}
	text, err := json.Marshal(p)
	if err != nil {
		return Saved{}, fmt.Errorf("add payload profile: %w", err)
	}
	ref := store.NewRef()
	_, err = tx.Insert(`INSERT INTO payload_profile (ref, name, version, definition, active, made_at, made_by)
		VALUES (?, ?, (SELECT coalesce(max(version), 0) + 1 FROM payload_profile WHERE name = ?), ?, 0, ?, ?)`,
		ref, name, name, string(text), tx.Now, store.Opt(by.StaffID))
	if err != nil {
		return Saved{}, fmt.Errorf("add payload profile: %w", err)
	}
	s, err := ProfileByRef(tx, ref)
	if err != nil {
		return s, err
	}
	return s, audit.Record(tx, by, audit.ProfileAdded, s.subject(), audit.Detail{"version": s.Version})
}

func use(tx *store.Tx, s Saved) error {
	if _, err := tx.Exec(`UPDATE payload_profile SET active = 0 WHERE active = 1`); err != nil {
		return fmt.Errorf("switch payload profile: %w", err)
	}
	if _, err := tx.Exec(`UPDATE payload_profile SET active = 1, switched_on_at = ? WHERE id = ?`, tx.Now, s.ID); err != nil {
		return fmt.Errorf("switch payload profile: %w", err)
	}
	return nil
}

// SwitchOn makes a saved profile the one in use. seen is the stamp of the trial
// that the person has looked at. Problems: ProfileNotFound; ProfileUntried when
// codes were read or the profile in use was changed since that trial.
func SwitchOn(tx *store.Tx, by audit.Actor, ref store.Ref, seen string) error {
	s, err := ProfileByRef(tx, ref)
	if err != nil || s.Active {
		return err
	}
	p, err := s.Profile()
	if err != nil {
		return err
	}
	trial, err := Try(tx, p)
	if err != nil {
		return err
	}
	if trial.Stamp != seen {
		return ProfileUntried
	}
	if err := use(tx, s); err != nil {
		return err
	}
	return audit.Record(tx, by, audit.ProfileSwitchedOn, s.subject(), audit.Detail{
		"version": s.Version, "tried": trial.Total, "differ": trial.Differ, "lost": trial.Lost, "gained": trial.Gained})
}
