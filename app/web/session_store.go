package web

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/gorilla/sessions"

	"madoguchi/store"
)

const (
	// sessionLife ends a session however busy it is.
	sessionLife = 12 * time.Hour
	// seenEvery is how exactly the last request is known; idle sessions live
	// that much longer, never shorter.
	seenEvery = time.Minute
	// expiredKept is how long an expired row stays, so that its owner can be
	// told why the page is gone, and how long a form's answer can be repeated.
	expiredKept = 24 * time.Hour
)

// sessionStore is a gorilla/sessions Store over the table session. The cookie
// holds a random token, the table its SHA-256, so that a copy of the file
// opens no session. Values are strings and hold references only.
type sessionStore struct {
	store  *store.Store
	site   string
	idle   func(*store.Tx) (time.Duration, error)
	secure func(*http.Request) bool
}

var _ sessions.Store = (*sessionStore)(nil)

// loadedKey is where a session's Values keep what it was when the request began.
type loadedKey struct{}

type loaded struct {
	token   string // as the cookie brought it
	row     bool   // a live row stands behind it
	expired bool   // a row stands behind it whose time is over
	data    map[string]string
	seen    time.Time
	quiet   bool // the request is no sign of life
}

type sessionRow struct {
	Data      string
	SeenAt    time.Time
	ExpiresAt time.Time
}

// Get returns the request's session, opening it once.
func (st *sessionStore) Get(r *http.Request, name string) (*sessions.Session, error) {
	return sessions.GetRegistry(r).Get(st, name)
}

// New opens the session that the request's cookie names. An unknown or
// misshapen cookie gives an empty session, never an error.
func (st *sessionStore) New(r *http.Request, name string) (*sessions.Session, error) {
	s := sessions.NewSession(st, name)
	s.Options = &sessions.Options{Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: st.secure(r)}
	l := &loaded{data: map[string]string{}}
	s.Values[loadedKey{}] = l
	s.IsNew = true
	cookie, err := r.Cookie(name)
	if err != nil || !isToken(cookie.Value) {
		return s, nil
	}
	l.token = cookie.Value
	s.ID = l.token
	if err := st.store.Read(r.Context(), func(tx *store.Tx) error { return st.load(tx, l) }); err != nil {
		return s, fmt.Errorf("open session: %w", err)
	}
	s.IsNew = !l.row
	for k, v := range l.data {
		s.Values[k] = v
	}
	return s, nil
}

func (st *sessionStore) load(tx *store.Tx, l *loaded) error {
	row, err := st.find(tx, l.token)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	idle, err := st.idle(tx)
	if err != nil {
		return err
	}
	if !tx.Now.Before(row.ExpiresAt) || !tx.Now.Before(row.SeenAt.Add(idle+seenEvery)) {
		l.expired = true
		return nil
	}
	l.row, l.seen = true, row.SeenAt
	return json.Unmarshal([]byte(row.Data), &l.data)
}

func (st *sessionStore) find(tx *store.Tx, token string) (sessionRow, error) {
	return store.One[sessionRow](tx, `SELECT data, seen_at, expires_at FROM session WHERE token_hash = ? AND site = ?`,
		tokenHash(token), st.site)
}

// Save writes what the request changed, and the cookie if its token is new. A
// request that changed nothing writes nothing, except once a minute that the
// session is in use. A session that ended meanwhile is not brought back.
func (st *sessionStore) Save(r *http.Request, w http.ResponseWriter, s *sessions.Session) error {
	l := s.Values[loadedKey{}].(*loaded)
	set, dropped := l.changes(s.Values)
	renewed := s.ID != l.token
	touch := l.row && !l.quiet && st.store.Now().Sub(l.seen) >= seenEvery
	if len(set)+len(dropped) > 0 || touch || renewed && (l.row || l.expired) {
		err := st.store.WriteHere(r.Context(), func(tx *store.Tx) error { return st.keep(tx, l, s.ID, set, dropped) })
		if err != nil {
			return fmt.Errorf("keep session: %w", err)
		}
	}
	if renewed {
		options := *s.Options
		if s.ID == "" {
			options.MaxAge = -1
		}
		http.SetCookie(w, sessions.NewCookie(s.Name(), s.ID, &options))
	}
	return nil
}

// keep brings the row up to date under token. Changes are laid over what the
// row holds now, not over what this request read: another tab may have written.
func (st *sessionStore) keep(tx *store.Tx, l *loaded, token string, set map[string]string, dropped []string) error {
	renewed := token != l.token
	data := map[string]string{}
	if l.row {
		row, err := st.find(tx, l.token)
		switch {
		case errors.Is(err, store.ErrNotFound):
			if !renewed {
				return nil
			}
		case err != nil:
			return err
		default:
			if err := json.Unmarshal([]byte(row.Data), &data); err != nil {
				return err
			}
		}
	}
	for _, k := range dropped {
		delete(data, k)
	}
	for k, v := range set {
		data[k] = v
	}
	if renewed || len(data) == 0 {
		if _, err := tx.Exec(`DELETE FROM session WHERE token_hash = ?`, tokenHash(l.token)); err != nil {
			return err
		}
	}
	if len(data) == 0 {
		return nil
	}
	return st.put(tx, token, renewed, data)
}

func (st *sessionStore) put(tx *store.Tx, token string, made bool, data map[string]string) error {
	idle, err := st.idle(tx)
	if err != nil {
		return err
	}
	text, err := json.Marshal(data)
	if err != nil {
		return err
	}
	until := tx.Now.Add(idle + seenEvery)
	if !made {
		created, err := store.One[time.Time](tx, `SELECT created_at FROM session WHERE token_hash = ?`, tokenHash(token))
		if err != nil {
			return err
		}
		_, err = tx.Exec(`UPDATE session SET data = ?, seen_at = ?, expires_at = ? WHERE token_hash = ?`,
			string(text), tx.Now, earlier(until, created.Add(sessionLife)), tokenHash(token))
		return err
	}
	_, err = tx.Exec(`INSERT INTO session (token_hash, site, data, created_at, seen_at, expires_at) VALUES (?, ?, ?, ?, ?, ?)`,
		tokenHash(token), st.site, string(text), tx.Now, tx.Now, earlier(until, tx.Now.Add(sessionLife)))
	return err
}

// changes compares a session's values with what they were.
func (l *loaded) changes(values map[any]any) (set map[string]string, dropped []string) {
	set = map[string]string{}
	for k, v := range values {
		name, isName := k.(string)
		text, isText := v.(string)
		if !isName || !isText {
			continue
		}
		if was, ok := l.data[name]; !ok || was != text {
			set[name] = text
		}
	}
	for name := range l.data {
		if _, ok := values[name]; !ok {
			dropped = append(dropped, name)
		}
	}
	return set, dropped
}

// DeleteExpired removes sessions that ended and forms that were answered more
// than a day ago, of both sites, and tells how many rows that were.
func DeleteExpired(tx *store.Tx) (int64, error) {
	before := tx.Now.Add(-expiredKept)
	ended, err := tx.Exec(`DELETE FROM session WHERE expires_at <= ?`, before)
	if err != nil {
		return 0, fmt.Errorf("delete ended sessions: %w", err)
	}
	answered, err := tx.Exec(`DELETE FROM form_token WHERE made_at <= ?`, before)
	if err != nil {
		return 0, fmt.Errorf("delete answered forms: %w", err)
	}
	return ended + answered, nil
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// newToken draws 256 random bits, as 43 characters that a cookie can hold.
func newToken() string {
	b := make([]byte, 32)
	mustRead(b)
	return base64.RawURLEncoding.EncodeToString(b)
}

func isToken(s string) bool {
	b, err := base64.RawURLEncoding.DecodeString(s)
	return err == nil && len(b) == 32
}

func tokenHash(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}
