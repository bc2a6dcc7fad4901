package public

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/gin-gonic/gin"

	"madoguchi/app/booking"
	"madoguchi/app/jp"
	"madoguchi/app/settings"
	"madoguchi/app/sheet"
	"madoguchi/app/web"
	"madoguchi/store"
)

// feedFresh is how long the free counts are answered from memory: however many
// pages of the town's own site ask, the database is asked once in that time.
const feedFresh = 10 * time.Second

// feed holds the free counts as files (空き状況の公開データ).
type feed struct {
	mu   sync.Mutex // held while they are made: who asks meanwhile waits for the same
	made time.Time
	csv  feedFile
	json feedFile
}

type feedFile struct {
	kind string
	etag string
	body []byte
}

// feedRoutes are for the town's own site. They have one language and no page.
func (s *Site) feedRoutes() []web.Route {
	return []web.Route{
		web.GET("/feed/free.csv", s.serveFeed(func(f *feed) feedFile { return f.csv })),
		web.GET("/feed/free.json", s.serveFeed(func(f *feed) feedFile { return f.json })),
	}
}

// serveFeed answers with one of the files. Any site's scripts may read it, and
// anyone may keep it for a while: it holds nothing about any person.
func (s *Site) serveFeed(which func(*feed) feedFile) web.Handler {
	return func(c *gin.Context) error {
		file, err := s.feed.file(c, s.store, which)
		if err != nil {
			return err
		}
		c.Header("Cache-Control", fmt.Sprintf("public, max-age=%d", int(feedFresh.Seconds())))
		c.Header("Access-Control-Allow-Origin", "*")
		c.Header("Cross-Origin-Resource-Policy", "cross-origin")
		c.Header("Etag", file.etag)
		if strings.Contains(c.GetHeader("If-None-Match"), file.etag) {
			c.Status(http.StatusNotModified)
			return nil
		}
		c.Header("Content-Type", file.kind)
		c.Status(http.StatusOK)
		_, err = c.Writer.Write(file.body)
		return err
	}
}

// file is one of the files, made anew when they are no longer fresh.
func (f *feed) file(ctx context.Context, st *store.Store, which func(*feed) feedFile) (feedFile, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if age := st.Now().Sub(f.made); !f.made.IsZero() && age >= 0 && age < feedFresh {
		return which(f), nil
	}
	err := f.renew(ctx, st)
	return which(f), err
}

func (f *feed) renew(ctx context.Context, st *store.Store) error {
	return st.Read(ctx, func(tx *store.Tx) error {
		counts, err := booking.FreeCounts(tx)
		if err != nil {
			return err
		}
		town, err := settings.Get(tx)
		if err != nil {
			return err
		}
		csv, err := feedCSV(counts)
		if err != nil {
			return err
		}
		text, err := feedJSON(town.TownName, tx.Now, counts)
		if err != nil {
			return err
		}
		f.csv, f.json, f.made = fileOf(sheet.UTF8.MediaType(), csv), fileOf("application/json; charset=utf-8", text), tx.Now
		return nil
	})
}

func fileOf(kind string, body []byte) feedFile {
	sum := sha256.Sum256(body)
	return feedFile{kind: kind, etag: `"` + hex.EncodeToString(sum[:8]) + `"`, body: body}
}

func feedCSV(counts []booking.FreeCount) ([]byte, error) {
	var body bytes.Buffer
	w, err := sheet.NewWriter(&body, sheet.Options{Format: sheet.UTF8, Plain: true})
	if err != nil {
		return nil, err
	}
	if err := w.Write("日付", "曜日", "受付場所", "業務", "枠の数", "残り"); err != nil {
		return nil, err
	}
	for _, n := range counts {
		err := w.Write(n.HeldOn.String(), weekdayOf(n.HeldOn), n.Venue.Name, n.Service.Name, fmt.Sprint(n.Slots), fmt.Sprint(n.Remaining))
		if err != nil {
			return nil, err
		}
	}
	err = w.Close()
	return body.Bytes(), err
}

// weekdayOf is one character, such as 木.
func weekdayOf(d jp.Date) string { return string([]rune("日月火水木金土")[d.Weekday()]) }

// freeDay is one place and service on one day. Names may change; codes and ids
// stay.
type freeDay struct {
	Date        string    `json:"date"`
	Weekday     string    `json:"weekday"`
	Venue       string    `json:"venue"`
	VenueID     store.Ref `json:"venue_id"`
	Service     string    `json:"service"`
	ServiceID   store.Ref `json:"service_id"`
	ServiceCode string    `json:"service_code,omitempty"`
	Slots       int       `json:"slots"`
	Remaining   int       `json:"remaining"`
}

// feedJSON says to the minute when the counts were true, so that the same
// counts are the same file for a minute.
func feedJSON(town string, now time.Time, counts []booking.FreeCount) ([]byte, error) {
	all := struct {
		Town string    `json:"town"`
		AsOf string    `json:"as_of"`
		Days []freeDay `json:"days"`
	}{town, now.In(jp.Tokyo).Format("2006-01-02T15:04Z07:00"), make([]freeDay, 0, len(counts))}
	for _, n := range counts {
		all.Days = append(all.Days, freeDay{
			Date: n.HeldOn.String(), Weekday: weekdayOf(n.HeldOn), Venue: n.Venue.Name, VenueID: n.Venue.Ref,
			Service: n.Service.Name, ServiceID: n.Service.Ref, ServiceCode: n.Service.Code, Slots: n.Slots, Remaining: n.Remaining,
		})
	}
	return json.MarshalIndent(all, "", " ")
}
