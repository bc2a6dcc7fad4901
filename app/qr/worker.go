package qr

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"io"
	"os"
	"runtime/debug"
	"time"
)

// request is the first line a child reads; the file's bytes follow it.
type request struct {
	From     int    `json:"from"` // first page to read, counted from 0
	Limits   Limits `json:"limits"`
	CacheDir string `json:"cache_dir"`
}

// event is a line a child writes. Exactly one field is set, except that the
// opening one has a format and a number of pages.
type event struct {
	Refused Refusal `json:"refused,omitempty"` // the whole file
	Format  Format  `json:"format,omitempty"`
	Pages   int     `json:"pages,omitempty"`
	Page    *Page   `json:"page,omitempty"`
	Again   bool    `json:"again,omitempty"` // go on with a fresh child
	End     bool    `json:"end,omitempty"`
}

// secondLimit is how long one question to the second reader may take; it
// answers in milliseconds or not at all.
const secondLimit = 1500 * time.Millisecond

// grace is what a page may take beyond its limit before the child ends itself,
// in case no parent is left to kill it.
const grace = 10 * time.Second

// Exit codes of a child.
const (
	workerDone    = 0
	workerFailed  = 1
	workerTooLate = 3
)

// WorkerMain is the child process (madoguchi qr-worker): it reads one request
// from in, decodes the file and writes what it finds to out, a JSON line per
// page. It bounds its own memory and, should the parent be gone, its time. The
// caller must end the process with the exit code it returns, because a reader
// may still be running.
func WorkerMain(in io.Reader, out io.Writer) int {
	if err := work(in, out); err != nil {
		return workerFailed
	}
	return workerDone
}

func work(in io.Reader, out io.Writer) (err error) {
	r := bufio.NewReader(in)
	line, err := r.ReadBytes('\n')
	if err != nil {
		return fmt.Errorf("read request: %w", err)
	}
	var req request
	if err := json.Unmarshal(line, &req); err != nil {
		return fmt.Errorf("read request: %w", err)
	}
	if err := boundMemory(req.Limits.Memory); err != nil {
		return fmt.Errorf("bound memory: %w", err)
	}
	data, err := io.ReadAll(io.LimitReader(r, int64(req.Limits.Bytes)+1))
	if err != nil {
		return fmt.Errorf("read file: %w", err)
	}
	say := json.NewEncoder(out)
	watch := time.AfterFunc(req.Limits.Page+req.Limits.Open+grace, func() { os.Exit(workerTooLate) })
	defer watch.Stop()
	format, doc, err := openDocument(data, req.Limits, req.CacheDir)
	if err != nil {
		return say.Encode(event{Refused: whyRefused(err), Format: format})
	}
	defer func() { err = errors.Join(err, doc.close()) }()
	if err := say.Encode(event{Format: format, Pages: doc.pages()}); err != nil {
		return fmt.Errorf("answer: %w", err)
	}
	second := &secondReader{limit: secondLimit}
	for i := req.From; i < doc.pages(); i++ {
		watch.Reset(req.Limits.Page + grace)
		page := workPage(doc, i, req.Limits, second)
		if err := say.Encode(event{Page: &page}); err != nil {
			return fmt.Errorf("answer: %w", err)
		}
		if second.hung && i+1 < doc.pages() {
			return say.Encode(event{Again: true})
		}
	}
	return say.Encode(event{End: true})
}

// workPage turns a decoder's panic into a refusal of the page it happened on.
func workPage(doc document, i int, lim Limits, second *secondReader) (page Page) {
	defer func() {
		if recover() != nil {
			page = Page{Refused: Crashed, Codes: []Code{}}
		}
		page.Number = i + 1
	}()
	pic, err := doc.page(i)
	if err != nil {
		return Page{Refused: whyRefused(err), Codes: []Code{}}
	}
	page = readPage(pic, lim, second)
	if lim.Picture > 0 {
		page.Picture = thumbnail(pic, lim.Picture)
	}
	return page
}

// pictureQuality is that of a page's picture: print of 2 mm stays legible.
const pictureQuality = 60

// thumbnail is a page for people to look at, in JPEG, its longest side at most
// so many pixels.
func thumbnail(pic *image.Gray, side int) []byte {
	if long := max(pic.Rect.Dx(), pic.Rect.Dy()); long > side {
		pic = scale(pic, max(pic.Rect.Dx()*side/long, 1), max(pic.Rect.Dy()*side/long, 1))
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, pic, &jpeg.Options{Quality: pictureQuality}); err != nil {
		return nil // the codes are worth more than their picture
	}
	return out.Bytes()
}

// boundMemory lets the process take so many bytes beyond what it has now: the
// collector works harder from two thirds on, and the kernel refuses more than
// all of it. The process then dies alone and the parent says why.
func boundMemory(bytes int64) error {
	debug.SetMemoryLimit(bytes * 2 / 3)
	return limitData(bytes)
}
