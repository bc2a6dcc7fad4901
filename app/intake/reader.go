package intake

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"madoguchi/app/audit"
	"madoguchi/app/card"
	"madoguchi/app/qr"
	"madoguchi/store"
)

const (
	// lookEvery is how often the reader looks for a new file.
	lookEvery = time.Second
	// mostStarts is how often the reader begins anew without finishing a page,
	// before it takes the page for one that ends the whole program.
	mostStarts = 3
	// pageSide is the longest side, in pixels, of a page's picture on the screen.
	pageSide = 1600
)

// FileBytes is the most bytes of a list file: 20 pages in 300 dpi grey.
const FileBytes = 32 << 20

// Reader reads the list files that staff hand in, one after the other, in child
// processes. What it has read of a file is kept page by page, so that it goes on
// after a restart.
type Reader struct {
	Store *store.Store
	Codes *qr.Reader
	Log   *slog.Logger
}

// NewReader makes a Reader whose children are exe with args.
func NewReader(st *store.Store, log *slog.Logger, exe, cacheDir string, args ...string) *Reader {
	limits := qr.DefaultLimits()
	limits.Bytes, limits.Picture = FileBytes, pageSide
	return &Reader{Store: st, Log: log, Codes: &qr.Reader{Exe: exe, Args: args, AtOnce: 1, CacheDir: cacheDir, Limits: limits}}
}

var reader = audit.Command("list-reader")

// tidyEvery is how often what nobody has put away in time goes.
const tidyEvery = time.Hour

// Tidy forgets the pictures that nobody has put away in time, and symbols of
// codes that were never completed.
func Tidy(tx *store.Tx) error {
	if _, err := card.PutAwayOld(tx, reader); err != nil {
		return err
	}
	_, err := card.DropOldParts(tx, reader)
	return err
}

// Run reads until ctx ends.
func (r *Reader) Run(ctx context.Context) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	var tidied time.Time
	for {
		for r.ReadNext(ctx) {
		}
		if now := r.Store.Now(); now.Sub(tidied) >= tidyEvery {
			tidied = now
			if err := r.Store.Write(ctx, Tidy); err != nil && ctx.Err() == nil {
				r.Log.Error("tidy list files", "error", err)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// ReadNext reads the file that has waited longest; false means that there is
// none, or that it has to be tried again later.
func (r *Reader) ReadNext(ctx context.Context) bool {
	var f card.ListFile
	var body []byte
	var pages []card.ListPage
	err := r.Store.Read(ctx, func(tx *store.Tx) (err error) {
		f, body, pages, err = card.NextListFile(tx)
		return err
	})
	if errors.Is(err, store.ErrNotFound) {
		return false
	}
	if err == nil {
		err = r.read(ctx, f, body, pages)
	}
	if err != nil && !errors.Is(err, card.ListFileStale) {
		if ctx.Err() == nil {
			r.Log.Error("read list file", "file", string(f.Ref), "error", err)
		}
		return false
	}
	return true
}

func (r *Reader) read(ctx context.Context, f card.ListFile, body []byte, pages []card.ListPage) error {
	file := qr.File{Format: qr.Format(f.Format), Count: f.Pages, Pages: []qr.Page{}}
	for _, p := range pages {
		var page qr.Page
		if err := json.Unmarshal(p.Found, &page); err != nil {
			return fmt.Errorf("read page %d again: %w", p.Number, err)
		}
		file.Pages = append(file.Pages, page)
	}
	if f.Starts >= mostStarts {
		if file.Count == 0 {
			return r.write(ctx, func(tx *store.Tx) error { return card.RefuseListFile(tx, reader, f, string(qr.Crashed)) })
		}
		broken := qr.Page{Number: len(file.Pages) + 1, Refused: qr.Crashed, Codes: []qr.Code{}}
		if err := r.keep(ctx, &f, broken); err != nil {
			return err
		}
		file.Pages = append(file.Pages, broken)
	}
	if err := r.write(ctx, func(tx *store.Tx) error { return card.BeginListFile(tx, reader, f) }); err != nil {
		return err
	}
	keptPages := len(file.Pages)
	if f.Pages == 0 || keptPages < f.Pages {
		err := r.Codes.Continue(ctx, &file, body, func() error {
			f.Format, f.Pages = string(file.Format), file.Count
			for ; keptPages < len(file.Pages); keptPages++ {
				page := &file.Pages[keptPages]
				forgetMyNumbers(page)
				if err := r.keep(ctx, &f, *page); err != nil {
					return err
				}
				page.Picture = nil
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	if file.Refused != "" && len(file.Pages) == 0 {
		return r.write(ctx, func(tx *store.Tx) error { return card.RefuseListFile(tx, reader, f, string(file.Refused)) })
	}
	codes, err := placesOf(file)
	if err != nil {
		return err
	}
	return r.write(ctx, func(tx *store.Tx) error { return card.EndListFile(tx, reader, f, codes) })
}

func (r *Reader) write(ctx context.Context, do func(*store.Tx) error) error {
	return r.Store.Write(ctx, do)
}

// keep keeps a page with its picture beside what was found on it.
func (r *Reader) keep(ctx context.Context, f *card.ListFile, page qr.Page) error {
	picture := page.Picture
	page.Picture = nil
	found, err := json.Marshal(page)
	if err != nil {
		return fmt.Errorf("keep page: %w", err)
	}
	return r.write(ctx, func(tx *store.Tx) error {
		return card.KeepListPage(tx, reader, *f, card.ListPage{Number: page.Number, Width: page.Width, Height: page.Height,
			Refusal: string(page.Refused), Found: found}, picture)
	})
}

// forgetMyNumbers makes unread places of codes that hold a 個人番号, before
// anything of them is kept.
func forgetMyNumbers(page *qr.Page) {
	kept := page.Codes[:0]
	for _, c := range page.Codes {
		if c.Append == nil && holdsMyNumber(c.Text) {
			page.Unread = append(page.Unread, c.Corners)
			continue
		}
		kept = append(kept, c)
	}
	page.Codes = kept
}
