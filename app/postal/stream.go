package postal

import (
	"bufio"
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"runtime"
	"strings"
	"sync"
	"unicode/utf8"
)

// maxLine bounds one address line; longer lines end the stream with an error.
const maxLine = 64 << 10

// streamChunk is how many addresses are looked up together.
const streamChunk = 4096

// streamHeader names the columns that LookupStream writes.
var streamHeader = []string{"address", "code", "tier", "candidates"}

// LookupStream reads addresses, one a line in UTF-8, and writes a CSV with the
// columns address, code, tier (sure, candidates, none) and candidates (codes
// parted by spaces, the most likely first). Every line gives one row, an empty
// one too, so that rows and lines can be joined. It uses all cores and keeps
// the order.
func (d *Dictionary) LookupStream(ctx context.Context, in io.Reader, out io.Writer, def Default) error {
	lines := bufio.NewScanner(in)
	lines.Buffer(make([]byte, 0, maxLine), maxLine)
	w := csv.NewWriter(out)
	if err := w.Write(streamHeader); err != nil {
		return fmt.Errorf("write answers: %w", err)
	}
	first := true
	for {
		chunk := make([]string, 0, streamChunk)
		for len(chunk) < streamChunk && lines.Scan() {
			line := strings.TrimSuffix(lines.Text(), "\r")
			if first {
				line, first = strings.TrimPrefix(line, "\ufeff"), false
			}
			if !utf8.ValidString(line) {
				line = strings.ToValidUTF8(line, "〓")
			}
			chunk = append(chunk, line)
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		for _, row := range d.lookupChunk(chunk, def) {
			if err := w.Write(row); err != nil {
				return fmt.Errorf("write answers: %w", err)
			}
		}
		w.Flush()
		if err := w.Error(); err != nil {
			return fmt.Errorf("write answers: %w", err)
		}
		if len(chunk) < streamChunk {
			break
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("read addresses: %w", err)
	}
	return nil
}

// lookupChunk answers some addresses on all cores.
func (d *Dictionary) lookupChunk(chunk []string, def Default) [][]string {
	rows := make([][]string, len(chunk))
	var wait sync.WaitGroup
	workers := min(runtime.GOMAXPROCS(0), len(chunk))
	for n := range workers {
		wait.Go(func() {
			for i := n; i < len(chunk); i += workers {
				a := d.Lookup(chunk[i], def)
				rows[i] = []string{chunk[i], a.Code, string(a.Tier), a.codes()}
			}
		})
	}
	wait.Wait()
	return rows
}

// codes gives the candidates' codes parted by spaces.
func (a Answer) codes() string {
	codes := make([]string, len(a.Candidates))
	for i, c := range a.Candidates {
		codes[i] = c.Code
	}
	return strings.Join(codes, " ")
}
