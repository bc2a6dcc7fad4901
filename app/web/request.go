package web

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"madoguchi/app/problem"
)

const requestKey = "madoguchi/app/web.request"

// request is what the machinery knows about the request in hand.
type request struct {
	number   string
	began    time.Time
	language Language
	words    *Words
	session  *Session
	site     *Site
}

func newRequest(s *Site, language Language) *request {
	words := s.words.For(language.Code)
	if s.name == console {
		words = s.words.For(console)
	}
	return &request{
		number: requestNumber(), began: time.Now(), language: language,
		words: words, site: s, session: detachedSession(),
	}
}

// requestOf panics outside a mounted route: that is a mistake in the program.
func requestOf(c *gin.Context) *request { return c.MustGet(requestKey).(*request) }

// RequestNumber is the number of the request in hand: eight letters and
// digits, shown to people on faults and written to the log and the audit log.
func RequestNumber(c *gin.Context) string { return requestOf(c).number }

// WordsOf are the words of the request's language.
func WordsOf(c *gin.Context) *Words { return requestOf(c).words }

// LanguageOf is the language in which the request is answered.
func LanguageOf(c *gin.Context) Language { return requestOf(c).language }

// requestNumber draws a number that can be read out on the telephone: it has
// none of the characters that look like one another.
func requestNumber() string {
	const letters = "23456789abcdefghjkmnpqrstuvwxyz"
	b := make([]byte, 8)
	mustRead(b)
	for i := range b {
		b[i] = letters[int(b[i])%len(letters)]
	}
	return string(b)
}

func mustRead(b []byte) {
	if _, err := rand.Read(b); err != nil {
		panic(err) // crypto/rand never fails on the systems we run on
	}
}

// answer keeps what a handler writes until the whole of it is known to be good.
type answer struct {
	gin.ResponseWriter
	header http.Header
	status int
	body   bytes.Buffer
}

func newAnswer(w gin.ResponseWriter) *answer {
	return &answer{ResponseWriter: w, header: http.Header{}, status: http.StatusOK}
}

func (a *answer) Header() http.Header               { return a.header }
func (a *answer) Write(b []byte) (int, error)       { return a.body.Write(b) }
func (a *answer) WriteString(s string) (int, error) { return a.body.WriteString(s) }
func (a *answer) WriteHeader(status int)            { a.status = status }
func (a *answer) WriteHeaderNow()                   {}
func (a *answer) Flush()                            {}
func (a *answer) Status() int                       { return a.status }
func (a *answer) Size() int                         { return a.body.Len() }
func (a *answer) Written() bool                     { return a.body.Len() > 0 }

func (a *answer) reset() {
	a.header = http.Header{}
	a.status = http.StatusOK
	a.body.Reset()
}

// send gives the answer to the client.
func (a *answer) send() error {
	if a.status == statusClientGone {
		return nil
	}
	h := a.ResponseWriter.Header()
	for name, values := range a.header {
		h[name] = values
	}
	if a.status != http.StatusNotModified {
		h.Set("Content-Length", strconv.Itoa(a.body.Len()))
	}
	a.ResponseWriter.WriteHeader(a.status)
	a.ResponseWriter.WriteHeaderNow()
	if a.body.Len() == 0 {
		return nil
	}
	if _, err := a.ResponseWriter.Write(a.body.Bytes()); err != nil {
		return fmt.Errorf("send answer: %w", err)
	}
	return nil
}

// logRequest writes the request's one line. It names the route's pattern: an
// address could hold a name or a number.
func (s *Site) logRequest(c *gin.Context, q *request, out *answer, err error) {
	level := slog.LevelInfo
	pattern := c.FullPath()
	if pattern == "" {
		pattern = "-"
	}
	method := c.Request.Method
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost:
	default:
		method = "other"
	}
	attrs := []slog.Attr{
		slog.String("request", q.number), slog.String("site", s.name),
		slog.String("method", method), slog.String("route", pattern),
		slog.Int("status", out.status), slog.Int("bytes", out.body.Len()),
		slog.Duration("took", time.Since(q.began)),
	}
	if p, ok := problem.As(err); ok {
		attrs = append(attrs, slog.String("problem", p.Code))
	} else if err != nil && out.status >= http.StatusInternalServerError {
		level = slog.LevelError
		attrs = append(attrs, slog.String("error", err.Error()))
		var p *panicError
		if errors.As(err, &p) {
			attrs = append(attrs, slog.String("stack", string(p.stack)))
		}
	}
	s.log.LogAttrs(context.WithoutCancel(c.Request.Context()), level, "request", attrs...)
}
