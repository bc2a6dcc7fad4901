package qr

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
)

// Format is the kind of a file, told from its first bytes and never from its
// name.
type Format string

// The formats that are read.
const (
	PNG  Format = "png"
	JPEG Format = "jpeg"
	TIFF Format = "tiff"
	PDF  Format = "pdf"
)

// refused carries a Refusal through error returns.
type refused struct {
	why   Refusal
	cause error
}

func (r refused) Error() string {
	if r.cause == nil {
		return string(r.why)
	}
	return fmt.Sprintf("%s: %v", r.why, r.cause)
}

func (r refused) Unwrap() error { return r.cause }

// whyRefused is the refusal in err; anything else means a damaged file.
func whyRefused(err error) Refusal {
	var r refused
	if errors.As(err, &r) {
		return r.why
	}
	return Damaged
}

// document hands out the pages of a file one at a time, so that only one is in
// memory. page counts from 0.
type document interface {
	pages() int
	page(i int) (*image.Gray, error)
	close() error
}

// openDocument recognises data and opens it. Errors are refusals.
func openDocument(data []byte, lim Limits, cacheDir string) (Format, document, error) {
	if len(data) > lim.Bytes {
		return "", nil, refused{why: TooManyBytes}
	}
	switch format := sniff(data); format {
	case PNG, JPEG:
		return format, &picture{data: data, format: format, lim: lim}, nil
	case TIFF:
		d, err := openTIFF(data, lim)
		return format, d, err
	case PDF:
		d, err := openPDF(data, lim, cacheDir)
		return format, d, err
	case Format(HEIC):
		return "", nil, refused{why: HEIC}
	}
	return "", nil, refused{why: UnknownFormat}
}

// pdfHeaderWithin is how far from its start a PDF may carry its mark: mail
// gateways and scanners put bytes before it, and PDF readers accept that.
const pdfHeaderWithin = 1024

func sniff(data []byte) Format {
	switch {
	case bytes.HasPrefix(data, []byte("\x89PNG\r\n\x1a\n")):
		return PNG
	case bytes.HasPrefix(data, []byte{0xff, 0xd8, 0xff}):
		return JPEG
	case bytes.HasPrefix(data, []byte("II*\x00")), bytes.HasPrefix(data, []byte("MM\x00*")):
		return TIFF
	case bytes.Contains(data[:min(len(data), pdfHeaderWithin)], []byte("%PDF-")):
		return PDF
	case isHEIC(data):
		return Format(HEIC)
	}
	return ""
}

// isHEIC knows the brands telephones write (ISO/IEC 23008-12, annex B and
// AVIF): pictures no Go decoder without C reads.
func isHEIC(data []byte) bool {
	if len(data) < 12 || string(data[4:8]) != "ftyp" {
		return false
	}
	switch string(data[8:12]) {
	case "heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "msf1", "avif", "avis":
		return true
	}
	return false
}

// picture is a file of one page.
type picture struct {
	data   []byte
	format Format
	lim    Limits
}

func (p *picture) pages() int   { return 1 }
func (p *picture) close() error { return nil }

func (p *picture) page(int) (*image.Gray, error) {
	config, decode := png.DecodeConfig, png.Decode
	if p.format == JPEG {
		config, decode = jpeg.DecodeConfig, jpeg.Decode
	}
	g, err := decodeWithin(p.data, p.lim, config, decode)
	if err != nil {
		return nil, err
	}
	if p.format == JPEG {
		g = upright(g, jpegOrientation(p.data))
	}
	return g, nil
}

// decodeWithin decodes a picture only after its announced size has passed: a
// few bytes can announce gigabytes.
func decodeWithin(data []byte, lim Limits, config func(io.Reader) (image.Config, error),
	decode func(io.Reader) (image.Image, error)) (*image.Gray, error) {
	c, err := config(bytes.NewReader(data))
	if err != nil {
		return nil, refused{decodeRefusal(err), err}
	}
	if c.Width <= 0 || c.Height <= 0 {
		return nil, refused{why: Damaged}
	}
	if c.Width > lim.Pixels/c.Height {
		return nil, refused{why: TooManyPixels}
	}
	// A Go process that meets the kernel's limit may die in ways that do not
	// say why, so what can be foreseen is refused before.
	if need := int64(c.Width) * int64(c.Height) * (pixelBytes(c.ColorModel) + 1); need > lim.Memory*3/4 {
		return nil, refused{why: MemoryLimit}
	}
	img, err := decode(bytes.NewReader(data))
	if err != nil {
		return nil, refused{decodeRefusal(err), err}
	}
	return toGray(img), nil
}

// pixelBytes is how much memory a decoded pixel takes at most.
func pixelBytes(m color.Model) int64 {
	if _, indexed := m.(color.Palette); indexed {
		return 1
	}
	switch m {
	case color.GrayModel:
		return 1
	case color.Gray16Model:
		return 2
	case color.YCbCrModel:
		return 3
	case color.RGBAModel, color.NRGBAModel, color.CMYKModel:
		return 4
	}
	return 8
}

// Recognise tells at a glance why nothing could be read from a file; "" means
// that its kind is one that is read.
func Recognise(data []byte) Refusal {
	switch sniff(data) {
	case "":
		return UnknownFormat
	case Format(HEIC):
		return HEIC
	}
	return ""
}
