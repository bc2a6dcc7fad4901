package qr

import (
	"encoding/json"
	"errors"
	"os/exec"
	"strings"
	"sync/atomic"
)

// conversation is what a parent has heard from one child.
type conversation struct {
	file  *File
	pages int // the file has, 0 before the child has said so
	ended bool
	again bool
	late  atomic.Bool // the child was killed for taking too long
}

// hear takes in one line and says whether more is to come.
func (c *conversation) hear(line []byte) bool {
	var e event
	if err := json.Unmarshal(line, &e); err != nil {
		return false
	}
	switch {
	case e.Refused != "":
		c.file.Format, c.file.Refused, c.ended = e.Format, e.Refused, true
	case e.Pages > 0:
		c.file.Format, c.pages, c.file.Count = e.Format, e.Pages, e.Pages
	case e.Page != nil:
		c.file.Pages = append(c.file.Pages, *e.Page)
	case e.Again:
		c.ended, c.again = true, true
	case e.End:
		c.ended = true
	}
	return !c.ended
}

// brokeOff records why the child went silent: against the page it was at, or
// against the file if it had not opened it. more is true while later pages
// are left to read.
func (c *conversation) brokeOff(waited error, said string) (more bool) {
	why := Crashed
	var exit *exec.ExitError
	switch {
	case c.late.Load():
		why = TimeLimit
	case strings.Contains(said, "out of memory"), strings.Contains(said, "cannot allocate memory"):
		why = MemoryLimit
	case errors.As(waited, &exit) && exit.ExitCode() == workerTooLate:
		why = TimeLimit
	}
	if c.pages == 0 {
		c.file.Refused = why
		return false
	}
	n := len(c.file.Pages) + 1
	if n > c.pages {
		return false
	}
	c.file.Pages = append(c.file.Pages, Page{Number: n, Refused: why, Codes: []Code{}})
	return n < c.pages
}
