package web

import "net/http"

// contentPolicy is the Content-Security-Policy: nothing but the site's own
// style sheets and images, forms to the site itself, never in a frame.
func contentPolicy(script, sound bool) string {
	policy := "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
	if script {
		policy += "; script-src 'self'"
	}
	if sound {
		policy += "; media-src 'self'"
	}
	return policy
}

// setHeaders puts the headers of every answer. A handler's own Cache-Control
// and Content-Type replace them.
//
// Referrer-Policy is same-origin, not no-referrer: with the latter browsers
// send "Origin: null" with the site's own forms (Fetch standard, "append a
// request Origin header"), and Origin could tell no stranger apart. X-Frame-Options
// and X-UA-Compatible are for Edge's IE mode, which knows no frame-ancestors.
func (s *Site) setHeaders(h http.Header, r *http.Request) {
	h.Set("Content-Security-Policy", s.policy)
	h.Set("X-Frame-Options", "DENY")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("X-UA-Compatible", "IE=edge")
	h.Set("Cache-Control", "no-store")
	if s.secure(r) {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
}
