package qr

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// pdfObjects numbers objects from 1 into a PDF file; the first is the catalog.
func pdfObjects(trailer string, objects ...string) []byte {
	var b bytes.Buffer
	b.WriteString("%PDF-1.7\n")
	var offsets []int
	for i, o := range objects {
		offsets = append(offsets, b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	start := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(objects)+1)
	for _, o := range offsets {
		fmt.Fprintf(&b, "%010d 00000 n \n", o)
	}
	fmt.Fprintf(&b, "trailer\n<< /Size %d /Root 1 0 R %s >>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, trailer, start)
	return b.Bytes()
}

func pdfStream(dict, body string) string {
	return fmt.Sprintf("<< %s /Length %d >>\nstream\n%s\nendstream", dict, len(body), body)
}

// drawnCode is a code in PDF drawing operators, at 1.2 points a module.
func drawnCode(modules [][]bool, x, y float64) string {
	var b strings.Builder
	for r, row := range modules {
		for c, black := range row {
			if black {
				fmt.Fprintf(&b, "%.2f %.2f 1.2 1.2 re\n", x+1.2*float64(c), y-1.2*float64(r))
			}
		}
	}
	return b.String() + "f\n"
}

// listPDF has a page with two drawn codes and, turned by 90 degrees, a page
// that is a scan.
func listPDF(t testing.TB, trailer string, more ...string) []byte {
	t.Helper()
	drawn := drawnCode(symbol(t, numeric("11111")), 100, 700) + drawnCode(symbol(t, numeric("22222")), 300, 700)
	pic := plainPicture(symbol(t, plainBytes(sjis(t, "髙橋"))), 6)
	photo := string(encodeJPEG(t, pic))
	image := fmt.Sprintf("/Type /XObject /Subtype /Image /Width %d /Height %d /ColorSpace /DeviceGray /BitsPerComponent 8 /Filter /DCTDecode",
		pic.Rect.Dx(), pic.Rect.Dy())
	objects := []string{
		"<< /Type /Catalog /Pages 2 0 R >>",
		"<< /Type /Pages /Count 2 /Kids [3 0 R 5 0 R] /MediaBox [0 0 595 842] >>",
		"<< /Type /Page /Parent 2 0 R /Contents 4 0 R >>",
		pdfStream("", drawn),
		"<< /Type /Page /Parent 2 0 R /Rotate 90 /Contents 6 0 R /Resources << /XObject << /I 7 0 R >> >> >>",
		pdfStream("", "q 90 0 0 90 200 500 cm /I Do Q"),
		pdfStream(image, photo),
	}
	return pdfObjects(trailer, append(objects, more...)...)
}

func TestEveryPageOfAPDFIsRead(t *testing.T) {
	r := testReader(t)
	r.CacheDir = t.TempDir()
	got := read(t, r, "list.pdf", listPDF(t, ""))
	if got.Format != PDF || got.Refused != "" || len(got.Pages) != 2 {
		t.Fatalf("got %+v, want two pages of PDF", got)
	}
	values := valuesByPage(got)
	if want := "[11111 22222]"; fmt.Sprint(values[0]) != want {
		t.Errorf("page 1: got %v, want %s", values[0], want)
	}
	if len(values[1]) != 1 || got.Pages[1].Codes[0].Text != "髙橋" {
		t.Errorf("page 2: got %+v, want 髙橋", got.Pages[1].Codes)
	}
	if p := got.Pages[1]; p.Width <= p.Height {
		t.Errorf("page 2: got %d × %d pixels, want it turned", p.Width, p.Height)
	}

	garbage := strings.Repeat("5a", 32)
	locked := listPDF(t, "/Encrypt 8 0 R /ID [<"+garbage[:32]+"> <"+garbage[:32]+">]",
		"<< /Filter /Standard /V 1 /R 2 /P -4 /O <"+garbage+"> /U <"+garbage+"> >>")
	if got := read(t, r, "locked.pdf", locked); got.Refused != Locked {
		t.Errorf("got refusal %q, want %q", got.Refused, Locked)
	}
}
