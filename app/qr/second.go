package qr

import (
	"bytes"
	"image"
	"time"

	"github.com/liyue201/goqr"
)

// goqrSays is the value goqr gives for segments it reads rightly. goqr
// df443203d4ea writes the digits of every numeric group from the last to the
// first, so "0123456789" comes out as "2105438769"; a test pins that fault.
func goqrSays(segments []Segment) []byte {
	var out []byte
	for _, s := range segments {
		if s.Mode != Numeric {
			out = append(out, s.Bytes...)
			continue
		}
		for i := 0; i < len(s.Bytes); i += 3 {
			for j := min(i+3, len(s.Bytes)) - 1; j >= i; j-- {
				out = append(out, s.Bytes[j])
			}
		}
	}
	return out
}

// secondReader asks goqr about places the first reader has found. goqr can
// panic, which is caught, and can run for minutes, which is not to be stopped
// from inside: its goroutine is then left behind, no further question is
// asked, and the process must end soon.
type secondReader struct {
	limit time.Duration // for one question
	hung  bool
}

// payloads are the non-empty values goqr finds in crop. A structured-append
// or FNC1 code gives goqr an empty value without an error; that counts as not
// read.
func (s *secondReader) payloads(crop *image.Gray) [][]byte {
	if s.hung || crop == nil {
		return nil
	}
	answer := make(chan [][]byte, 1)
	go func() { answer <- askGoqr(crop) }()
	timer := time.NewTimer(s.limit)
	defer timer.Stop()
	select {
	case found := <-answer:
		return found
	case <-timer.C:
		s.hung = true
		return nil
	}
}

func askGoqr(crop *image.Gray) (found [][]byte) {
	defer func() {
		if recover() != nil {
			found = nil
		}
	}()
	codes, err := goqr.Recognize(crop)
	if err != nil {
		return nil
	}
	for _, c := range codes {
		if len(c.Payload) > 0 {
			found = append(found, c.Payload)
		}
	}
	return found
}

// compare judges what the second reader said against the first one's segments.
// Another code inside the crop says nothing about this one, so a difference
// counts only when nothing found is equal.
func compare(segments []Segment, found [][]byte) (Agreement, []byte) {
	want := goqrSays(segments)
	for _, f := range found {
		if bytes.Equal(f, want) {
			return Agreed, nil
		}
	}
	if len(found) > 0 {
		return Disagree, found[0]
	}
	return Single, nil
}
