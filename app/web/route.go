package web

import (
	"errors"
	"io"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"madoguchi/app/problem"
)

// Handler answers a request, or returns an error that becomes a page. What it
// wrote before the error is thrown away, changes of the session too.
type Handler func(c *gin.Context) error

// Route is one address of a site. Make it with GET or POST.
type Route struct {
	Method string
	Path   string // gin pattern without language prefix, such as "/cards/:ref"
	Handle Handler

	limit    int64
	patience int64            // bytes beyond limit that are read and thrown away
	tooLarge *problem.Problem // nil: the page for such answers
}

// GET is a route that shows something. It answers HEAD too.
func GET(path string, h Handler) Route { return Route{Method: http.MethodGet, Path: path, Handle: h} }

// POST is a route that does something; the form's token is checked before h runs.
func POST(path string, h Handler) Route {
	return Route{Method: http.MethodPost, Path: path, Handle: h}
}

// Limit returns r with another limit of the request's size, in bytes.
func (r Route) Limit(bytes int64) Route {
	r.limit = bytes
	return r
}

// Upload returns r with a limit for the file it takes, in bytes. A larger
// request of somebody who has a session is refused with p: up to patience more
// bytes are read and thrown away first, since browsers show no answer to a
// request that they could not send.
func (r Route) Upload(bytes, patience int64, p *problem.Problem) Route {
	r.limit, r.patience, r.tooLarge = bytes, patience, p
	return r
}

// Mount adds routes below base: "" for Japanese, "/easy" and "/en" for the
// other languages of the public site.
func (s *Site) Mount(e *gin.Engine, base string, routes ...Route) {
	language := languageAt(base)
	s.mu.Lock()
	defer s.mu.Unlock()
	if !slices.Contains(s.languages, language) {
		s.languages = append(s.languages, language)
	}
	for _, r := range routes {
		pattern := join(base, r.Path)
		handle := func(c *gin.Context) { s.serve(c, language, r) }
		e.Handle(r.Method, pattern, handle)
		if r.Method == http.MethodGet {
			e.HEAD(pattern, handle)
			s.readable[pattern] = true
		}
		if pattern == base && base != "" {
			// People type the address of a language with and without the slash.
			e.Handle(r.Method, base+"/", handle)
		}
	}
}

// join puts a language prefix before a path of the site.
func join(base, path string) string {
	if base != "" && path == "/" {
		return base
	}
	return base + path
}

// methodAllowed refuses what no route of ours answers, TRACE above all.
func (s *Site) methodAllowed(c *gin.Context) {
	switch c.Request.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost:
		return
	}
	c.Header("Allow", "GET, HEAD, POST")
	s.refuse(c, http.StatusMethodNotAllowed)
	c.Abort()
}

// refuse answers a request that has no route with a full page.
func (s *Site) refuse(c *gin.Context, status int) {
	s.serve(c, s.languageOf(c.Request.URL.Path), Route{
		Method: http.MethodGet,
		Handle: func(*gin.Context) error { return statusError(status) },
	})
}

// languageOf finds the language of an address that has no route.
func (s *Site) languageOf(path string) Language {
	s.mu.RLock()
	defer s.mu.RUnlock()
	found := languageAt("")
	for _, l := range s.languages {
		if l.Prefix != "" && (path == l.Prefix || strings.HasPrefix(path, l.Prefix+"/")) {
			found = l
		}
	}
	return found
}

// serve runs one request from its number to its log line. Handlers get a copy
// of gin's context: gin takes its own back for the next request while what was
// given it as a context.Context, a database driver above all, may still look at it.
func (s *Site) serve(pooled *gin.Context, language Language, route Route) {
	c := pooled.Copy()
	q := newRequest(s, language)
	c.Set(requestKey, q)
	client := pooled.Writer
	out := newAnswer(client)
	c.Writer = out

	err := s.run(c, q, route)
	if err == nil {
		err = s.save(c, q)
	}
	if err != nil {
		out.reset()
		s.fail(c, q, out, err)
	}
	s.setHeaders(client.Header(), c.Request)
	sent := out.send()
	s.logRequest(c, q, out, errors.Join(err, sent))
}

// run loads the session, checks the form's token and calls the handler.
func (s *Site) run(c *gin.Context, q *request, route Route) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &panicError{value: p, stack: debug.Stack()}
		}
	}()
	if route.Path == "" {
		return route.Handle(c)
	}
	limit := route.limit
	if limit == 0 {
		limit = s.maxBody
	}
	sent := c.Request.Body
	c.Request.Body = http.MaxBytesReader(c.Writer, sent, limit)
	if q.session, err = openSession(s.sessions, c.Request, s.cookieName()); err != nil {
		return err
	}
	if route.Method == http.MethodPost {
		if err := parseForm(c.Request, limit); err != nil {
			return route.refused(err, sent, q.session)
		}
		if err := checkToken(c.Request, q.session); err != nil {
			return err
		}
	}
	return route.Handle(c)
}

// refused is the answer to a form that could not be read.
func (r Route) refused(err error, rest io.Reader, session *Session) error {
	if r.tooLarge == nil || session.past.token == "" || !errors.Is(err, statusError(http.StatusRequestEntityTooLarge)) {
		return err
	}
	if _, gone := io.Copy(io.Discard, io.LimitReader(rest, r.patience)); gone != nil {
		return err
	}
	return r.tooLarge
}

// save keeps the session before anything is sent, because its cookie goes
// with the headers.
func (s *Site) save(c *gin.Context, q *request) error {
	if q.session.inner == nil {
		return nil
	}
	return q.session.inner.Save(c.Request, c.Writer)
}

// To sends the browser to another page of the site after a POST (303), in the
// language of the request. path begins with one slash and has no language prefix.
func To(c *gin.Context, path string) error {
	if !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || strings.ContainsAny(path, "\\\r\n") {
		return errors.New("redirect leaves the site")
	}
	c.Header("Location", join(requestOf(c).language.Prefix, path))
	c.Status(http.StatusSeeOther)
	return nil
}
