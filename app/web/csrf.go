package web

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"madoguchi/app/problem"
)

// Problems of requests that are refused before a handler sees them.
var (
	// FormExpired: the form is not one that this browser's session was shown.
	FormExpired = problem.Define(problem.Forbidden, "form_expired")
	// FormUnreadable: what was sent is no form.
	FormUnreadable = problem.Define(problem.Invalid, "form_unreadable")
	// SignInNeeded is what a handler returns to people who have to sign in first.
	SignInNeeded = problem.Define(problem.SignIn, "sign_in_needed")
)

// maxValues bounds the number of values in a form: no form of ours has a tenth of it.
const maxValues = 2000

// CSRF is the secret of the session's forms, for the hidden field "csrf". It is
// derived from the session's token, so that a form costs no write before
// anything is kept, and changes with each Renew.
func (s *Session) CSRF() string {
	if s.inner == nil {
		return ""
	}
	if s.inner.ID == "" {
		s.inner.ID = newToken()
	}
	return formSecret(s.inner.ID)
}

// formSecret tells nothing about the token, nor about the hash that the table keeps.
func formSecret(token string) string {
	sum := sha256.Sum256([]byte("csrf\x00" + token))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// checkToken refuses forms of strangers. The token alone decides. Origin and
// Sec-Fetch-Site may only refuse: Edge's IE mode sends neither.
func checkToken(r *http.Request, s *Session) error {
	if r.Header.Get("Sec-Fetch-Site") == "cross-site" || foreignOrigin(r) {
		return FormExpired
	}
	if s.past.token == "" {
		return FormExpired
	}
	sent := []byte(r.PostForm.Get("csrf"))
	if subtle.ConstantTimeCompare(sent, []byte(formSecret(s.past.token))) != 1 {
		return FormExpired
	}
	return nil
}

// foreignOrigin tells that a browser names another site as the form's home.
// "null" says nothing: privacy settings send it too.
func foreignOrigin(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" || origin == "null" {
		return false
	}
	u, err := url.Parse(origin)
	return err != nil || !strings.EqualFold(u.Host, r.Host)
}

// parseForm reads the body, in memory: nothing that people send may lie in a
// temporary file. Errors hold nothing of the body.
func parseForm(r *http.Request, limit int64) error {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err == nil && kind == "multipart/form-data" {
		err = r.ParseMultipartForm(limit)
	} else {
		err = r.ParseForm()
	}
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return statusError(http.StatusRequestEntityTooLarge)
	}
	if err != nil {
		return FormUnreadable
	}
	n := 0
	for _, values := range r.PostForm {
		n += len(values)
	}
	if n > maxValues {
		return FormUnreadable
	}
	return nil
}
