package web

import (
	"context"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"strconv"

	"github.com/gin-gonic/gin"

	"madoguchi/app/problem"
	"madoguchi/store"
)

// statusClientGone is logged, never sent: the person closed the page.
const statusClientGone = 499

// errorStatuses are the answers that have a page, each with its words.
var errorStatuses = []int{
	http.StatusForbidden, http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusConflict,
	http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity,
	http.StatusInternalServerError, http.StatusServiceUnavailable,
}

var kindStatus = map[problem.Kind]int{
	problem.Invalid:   http.StatusUnprocessableEntity,
	problem.SignIn:    http.StatusSeeOther,
	problem.Forbidden: http.StatusForbidden,
	problem.NotFound:  http.StatusNotFound,
	problem.Conflict:  http.StatusConflict,
	problem.Busy:      http.StatusServiceUnavailable,
}

// ErrorPage is the page struct of templates/<site>/error.html.
type ErrorPage struct {
	Base
	Status  int
	Heading string
	Text    string
	Request string // request number; shown with faults, so that they can be told
	Back    string // address of the page before, or of the site's first page
}

// Fault tells that the program is to blame, not the person: the request number matters.
func (p ErrorPage) Fault() bool { return p.Status >= http.StatusInternalServerError }

// statusError is an answer that no problem of the domain stands for.
type statusError int

func (e statusError) Error() string { return http.StatusText(int(e)) }

// panicError is a panic on its way to the log.
type panicError struct {
	value any
	stack []byte
}

func (e *panicError) Error() string { return fmt.Sprintf("panic: %v", e.value) }

// statusOf gives every error its status.
func statusOf(c *gin.Context, err error) int {
	var status statusError
	switch p, ok := problem.As(err); {
	case ok && kindStatus[p.Kind] != 0:
		return kindStatus[p.Kind]
	case errors.As(err, &status):
		return int(status)
	case errors.Is(err, store.ErrNotFound):
		return http.StatusNotFound
	case errors.Is(err, context.Canceled) && c.Request.Context().Err() != nil:
		return statusClientGone
	case errors.Is(err, store.ErrClosed), errors.Is(err, store.ErrUnconfirmed), errors.Is(err, context.DeadlineExceeded):
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

func errorKey(status int, part string) string {
	return "error." + strconv.Itoa(status) + "." + part
}

// fail turns an error into the answer.
func (s *Site) fail(c *gin.Context, q *request, out *answer, err error) {
	q.session.revert()
	status := statusOf(c, err)
	switch status {
	case statusClientGone:
		out.status = status
		return
	case http.StatusSeeOther:
		if s.toSignIn(c, q) == nil {
			return
		}
		out.reset()
		status = http.StatusInternalServerError
	case http.StatusServiceUnavailable:
		out.header.Set("Retry-After", "10")
	case http.StatusRequestEntityTooLarge:
		// The rest of the body is not worth reading.
		out.header.Set("Connection", "close")
	}
	s.showError(c, q, out, s.newErrorPage(c, q, status, err))
}

// toSignIn sends people to the sign-in page and tells those whose session ran
// out why.
func (s *Site) toSignIn(c *gin.Context, q *request) error {
	if q.session.Expired() {
		q.session.Flash("session_expired")
	}
	if err := To(c, s.signInPath); err != nil {
		return err
	}
	return s.save(c, q)
}

func (s *Site) newErrorPage(c *gin.Context, q *request, status int, err error) ErrorPage {
	p := ErrorPage{Base: s.plainBase(c), Status: status, Request: q.number, Back: s.backFrom(c, q)}
	p.Heading = q.words.T(errorKey(status, "title"))
	p.Text = q.words.T(errorKey(status, "text"))
	if known, ok := problem.As(err); ok && q.words.Has("problem."+known.Code) {
		p.Text = q.words.Problem(known.Code, known.Args)
	}
	p.Title = p.Heading
	return p
}

// backFrom is the page that a refused form stood on, where it has the form's
// own address; otherwise the site's first page.
func (s *Site) backFrom(c *gin.Context, q *request) string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if c.Request.Method == http.MethodPost && s.readable[c.FullPath()] {
		return c.Request.URL.EscapedPath()
	}
	return join(q.language.Prefix, "/")
}

// showError makes the page; if even that fails, a page that needs nothing.
func (s *Site) showError(c *gin.Context, q *request, out *answer, p ErrorPage) {
	body, err := s.renderError(c, p)
	if err != nil {
		s.log.Error("error page", "request", q.number, "error", err)
		body = plainErrorPage(p)
	}
	// The page is worth showing without its session: that may be what is broken.
	if err := s.save(c, q); err != nil && p.Status < http.StatusInternalServerError {
		s.log.Error("keep session of error page", "request", q.number, "error", err)
	}
	out.header.Set("Content-Type", "text/html; charset=utf-8")
	out.status = p.Status
	out.body.Reset()
	out.body.Write(body)
}

func (s *Site) renderError(c *gin.Context, p ErrorPage) (body []byte, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("panic: %v", v)
		}
	}()
	var page any = p
	if s.errorPage != nil {
		page = s.errorPage(c, p)
	}
	body, err = s.render(s.name+"/error.html", page)
	return s.withReadings(p.language, body), err
}

// plainErrorPage is longer than 512 bytes: Internet Explorer shows a page of
// its own in place of shorter ones.
func plainErrorPage(p ErrorPage) []byte {
	h := template.HTMLEscapeString
	return []byte(`<!DOCTYPE html>
<html lang="` + h(p.Lang) + `">
<head>
<meta charset="utf-8">
<meta http-equiv="X-UA-Compatible" content="IE=edge">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>` + h(p.Heading) + `</title>
</head>
<body>
<!-- Internet Explorer puts a page of its own in the place of an answer that is
shorter than 512 bytes. This comment makes sure that the answer is longer, and
that people see the request number below, by which the log can be searched. -->
<h1>` + h(p.Heading) + `</h1>
<p>` + h(p.Text) + `</p>
<p>` + h(p.T("error.request", "request", p.Request)) + `</p>
<p><a href="` + h(p.Back) + `">` + h(p.T("error.back")) + `</a></p>
</body>
</html>
`)
}
