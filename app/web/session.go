package web

import (
	"net/http"

	"github.com/gin-gonic/gin"
	"github.com/gorilla/sessions"
)

const flashKey = "flash"

// Session is what the server remembers of one browser: references under short
// names, never anything typed. It is read before the handler runs and kept
// once, after it.
type Session struct {
	inner *sessions.Session // nil: the session could not be opened, nothing is kept
	past  *loaded
}

// Session returns the session of the request in hand.
func (s *Site) Session(c *gin.Context) *Session { return requestOf(c).session }

func (s *Site) cookieName() string { return "madoguchi_" + s.name }

func openSession(st sessions.Store, r *http.Request, name string) (*Session, error) {
	inner, err := st.Get(r, name)
	if err != nil {
		return detachedSession(), err
	}
	return &Session{inner: inner, past: inner.Values[loadedKey{}].(*loaded)}, nil
}

// detachedSession stands in where none could be opened, for the error page.
func detachedSession() *Session { return &Session{past: &loaded{}} }

// Get returns the value kept under name, or "".
func (s *Session) Get(name string) string {
	if s.inner == nil {
		return ""
	}
	v, ok := s.inner.Values[name].(string)
	if !ok {
		return ""
	}
	return v
}

// Set keeps a value: a reference, never anything typed.
func (s *Session) Set(name, value string) {
	if s.inner == nil {
		return
	}
	if s.inner.ID == "" || !s.past.row && s.inner.ID == s.past.token {
		// A row never takes the token that a browser came with when nothing
		// stood behind it: someone else may have put it there.
		s.inner.ID = newToken()
	}
	s.inner.Values[name] = value
}

// Delete forgets the value kept under name.
func (s *Session) Delete(name string) {
	if s.inner != nil {
		delete(s.inner.Values, name)
	}
}

// Flash keeps the code of a sentence (words key "flash."+code) for the next page.
func (s *Session) Flash(code string) { s.Set(flashKey, code) }

// TakeFlash returns the code that Flash kept, once.
func (s *Session) TakeFlash() string {
	code := s.Get(flashKey)
	if code != "" {
		s.Delete(flashKey)
	}
	return code
}

// Quiet keeps the request from counting as a sign of life: nobody asked for it,
// the page reloads by itself. The session's idle time goes on.
func (s *Session) Quiet() { s.past.quiet = true }

// Renew gives the session a new token and removes the old one in the same
// write. It belongs to every sign-in and change of rights.
func (s *Session) Renew() {
	if s.inner != nil {
		s.inner.ID = newToken()
	}
}

// End forgets everything and removes the session. A Flash set afterwards
// begins a new one.
func (s *Session) End() {
	if s.inner == nil {
		return
	}
	for k := range s.inner.Values {
		if _, ok := k.(string); ok {
			delete(s.inner.Values, k)
		}
	}
	s.inner.ID = ""
}

// Expired tells that the browser had a session whose time is over, as against
// none at all.
func (s *Session) Expired() bool { return s.past.expired }

// Mark stands for the browser's session where failures are counted: it can be
// kept, because nothing is opened with it. "" before the browser has a session.
func (s *Session) Mark() string {
	if s.past.token == "" {
		return ""
	}
	return tokenHash("mark" + s.past.token)
}

// revert takes back what the request changed.
func (s *Session) revert() {
	if s.inner == nil {
		return
	}
	s.End()
	s.inner.ID = s.past.token
	for k, v := range s.past.data {
		s.inner.Values[k] = v
	}
}
