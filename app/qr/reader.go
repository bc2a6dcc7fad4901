// Package qr reads every QR code from scans and photographs of whole pages:
// the codes of the recipient list (交付対象者一覧) that comes with the cards.
//
// It promises: a value is never invented and never silently lost; each value
// says which readers vouch for it; and no picture, however broken or hostile,
// can hang or crash the process that asks, because decoding happens in a child
// process with limits on time, memory and size.
package qr

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"time"
)

// Reader reads files by child processes: Exe started with Args must call
// WorkerMain. At most AtOnce children run at a time, the number of processors
// if it is 0. CacheDir keeps the compiled PDF renderer between children, ""
// keeps nothing. A zero Limits means DefaultLimits. A Reader may be used by
// several goroutines.
type Reader struct {
	Exe      string
	Args     []string
	AtOnce   int
	CacheDir string
	Limits   Limits

	once  sync.Once
	slots chan struct{}
}

// maxEvent bounds one line of a child's answer: a page of two hundred codes
// of the largest size.
const maxEvent = 8 << 20

// maxStarts bounds the children used up by one file, so that a file of many
// hostile pages cannot occupy a processor for hours.
const maxStarts = 12

// Read reads all pages of a file. Whatever is wrong with the file is told in
// the result; an error means that no child could be started, or that ctx
// ended.
func (r *Reader) Read(ctx context.Context, name string, data []byte) (File, error) {
	file := File{Name: name, Pages: []Page{}}
	return file, r.Continue(ctx, &file, data, func() error { return nil })
}

// Continue reads the pages of a file that file does not have yet, so that long
// work can be taken up again. told is called when the number of pages is known
// and after each page; an error of it ends the reading and is returned.
func (r *Reader) Continue(ctx context.Context, file *File, data []byte, told func() error) error {
	lim := r.Limits
	if lim == (Limits{}) {
		lim = DefaultLimits()
	}
	if len(data) > lim.Bytes {
		file.Refused = TooManyBytes
		return nil
	}
	if err := r.enter(ctx); err != nil {
		return err
	}
	defer r.leave()
	for range maxStarts {
		more, err := r.run(ctx, file, data, lim, told)
		if err == nil {
			err = told() // also of a page that a child broke off at
		}
		if err != nil {
			return err
		}
		if !more {
			file.Joined = join(file.Pages)
			return nil
		}
	}
	file.Refused = Crashed
	file.Joined = join(file.Pages)
	return nil
}

func (r *Reader) enter(ctx context.Context) error {
	r.once.Do(func() {
		n := r.AtOnce
		if n <= 0 {
			n = runtime.NumCPU()
		}
		r.slots = make(chan struct{}, n)
	})
	select {
	case r.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for a reader: %w", ctx.Err())
	}
}

func (r *Reader) leave() { <-r.slots }

// run lets one child read the pages file does not have yet. more is true when
// the child ended early and pages are left.
func (r *Reader) run(ctx context.Context, file *File, data []byte, lim Limits, told func() error) (more bool, err error) {
	head, err := json.Marshal(request{From: len(file.Pages), Limits: lim, CacheDir: r.CacheDir})
	if err != nil {
		return false, fmt.Errorf("write request: %w", err)
	}
	life, kill := context.WithCancel(ctx)
	defer kill()
	cmd := exec.CommandContext(life, r.Exe, r.Args...)
	cmd.Env = childEnv(lim)
	cmd.Stdin = io.MultiReader(bytes.NewReader(append(head, '\n')), bytes.NewReader(data))
	var said firstWords
	cmd.Stderr = &said
	cmd.WaitDelay = time.Second
	out, err := cmd.StdoutPipe()
	if err != nil {
		return false, fmt.Errorf("start reader: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return false, fmt.Errorf("start reader: %w", err)
	}
	heard := conversation{file: file}
	timer := time.AfterFunc(lim.Page+lim.Open, func() { heard.late.Store(true); kill() })
	defer timer.Stop()
	lines := bufio.NewScanner(out)
	lines.Buffer(make([]byte, 64<<10), maxEvent)
	for lines.Scan() && heard.hear(lines.Bytes()) {
		timer.Reset(lim.Page)
		if err := told(); err != nil {
			kill()
			return false, errors.Join(err, ended(cmd.Wait()))
		}
	}
	// A child that has told all may still be hung in a reader.
	if heard.ended {
		kill()
	}
	waited := cmd.Wait()
	switch {
	case heard.ended:
		return heard.again, nil
	case ctx.Err() != nil:
		return false, fmt.Errorf("read codes: %w", ctx.Err())
	}
	return heard.brokeOff(waited, said.String()), nil
}

// ended forgets that a child which was killed did not end well.
func ended(err error) error {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return nil
	}
	return err
}

// childEnv gives the child nothing of the server's environment: it has no use
// for its secrets.
func childEnv(lim Limits) []string {
	return []string{fmt.Sprintf("GOMEMLIMIT=%d", lim.Memory*2/3), "TZ=Asia/Tokyo"}
}

// firstWords keeps the beginning of what a child complains about: a Go process
// that dies says why in its first line.
type firstWords struct{ strings.Builder }

const maxWords = 4096

func (f *firstWords) Write(p []byte) (int, error) {
	if room := maxWords - f.Len(); room > 0 {
		f.Builder.Write(p[:min(room, len(p))])
	}
	return len(p), nil
}
