package app

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
)

// What is counted for as long as the process runs.
var (
	answers = prometheus.NewCounterVec(prometheus.CounterOpts{Name: "madoguchi_answers_total", Help: "Answers of the two sites by kind of status."}, []string{"site", "status"})
	records = prometheus.NewCounterVec(prometheus.CounterOpts{Name: "madoguchi_log_records_total", Help: "Lines of the log by level."}, []string{"level"})
)

func init() {
	for _, site := range []string{"public", "console"} { // a figure that is not there yet cannot be watched
		for status := 2; status <= 5; status++ {
			answers.WithLabelValues(site, fmt.Sprintf("%dxx", status))
		}
	}
	for _, level := range []slog.Level{slog.LevelWarn, slog.LevelError} {
		records.WithLabelValues(level.String())
	}
}

// newLog writes to out and counts what is wrong.
func newLog(out io.Writer) *slog.Logger {
	return slog.New(countedLog{slog.NewTextHandler(out, nil)})
}

type countedLog struct{ slog.Handler }

func (h countedLog) Handle(ctx context.Context, r slog.Record) error {
	if r.Level >= slog.LevelWarn {
		records.WithLabelValues(r.Level.String()).Inc()
	}
	return h.Handler.Handle(ctx, r)
}

func (h countedLog) WithAttrs(attrs []slog.Attr) slog.Handler {
	return countedLog{h.Handler.WithAttrs(attrs)}
}

func (h countedLog) WithGroup(name string) slog.Handler { return countedLog{h.Handler.WithGroup(name)} }

// counting counts a site's answers.
func counting(site string, of http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := &countedAnswer{ResponseWriter: w, status: http.StatusOK}
		of.ServeHTTP(c, r)
		answers.WithLabelValues(site, fmt.Sprintf("%dxx", c.status/100)).Inc()
	})
}

type countedAnswer struct {
	http.ResponseWriter
	status int
}

func (c *countedAnswer) WriteHeader(status int) {
	c.status = status
	c.ResponseWriter.WriteHeader(status)
}

// Unwrap and Flush let through what the server's own writer can do.
func (c *countedAnswer) Unwrap() http.ResponseWriter { return c.ResponseWriter }

func (c *countedAnswer) Flush() {
	http.NewResponseController(c.ResponseWriter).Flush() //nolint:errcheck // whoever asked has gone
}
