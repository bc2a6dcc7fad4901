package qr

import (
	"encoding/binary"
	"errors"
	"image"
	"image/jpeg"

	"golang.org/x/image/tiff"
)

// decodeRefusal tells a picture in a form no decoder here knows from a broken
// one.
func decodeRefusal(err error) Refusal {
	var t tiff.UnsupportedError
	var j jpeg.UnsupportedError
	if errors.As(err, &t) || errors.As(err, &j) {
		return Compression
	}
	return Damaged
}

// directory is what is needed of a TIFF image file directory.
type directory struct {
	next        uint32 // offset of the next one, 0 after the last
	orientation int
	reduced     bool // a thumbnail of another page
}

const (
	subfileTag  = 254
	reducedFlag = 1
)

// tiffHeader gives the byte order and the offset of the first directory.
func tiffHeader(data []byte) (binary.ByteOrder, uint32, bool) {
	if len(data) < 8 {
		return nil, 0, false
	}
	var order binary.ByteOrder = binary.LittleEndian
	if data[0] == 'M' {
		order = binary.BigEndian
	}
	return order, order.Uint32(data[4:]), true
}

func readDirectory(data []byte, order binary.ByteOrder, at uint32) (directory, bool) {
	d := directory{orientation: 1}
	start := int64(at)
	if start < 8 || start+2 > int64(len(data)) {
		return d, false
	}
	count := int64(order.Uint16(data[start:]))
	end := start + 2 + 12*count
	if end > int64(len(data)) {
		return d, false
	}
	for e := start + 2; e < end; e += 12 {
		switch order.Uint16(data[e:]) {
		case orientationTag:
			d.orientation = int(order.Uint16(data[e+8:]))
		case subfileTag:
			d.reduced = order.Uint32(data[e+8:])&reducedFlag != 0
		}
	}
	// EXIF blocks may end without the offset of a next directory.
	if end+4 <= int64(len(data)) {
		d.next = order.Uint32(data[end:])
	}
	return d, true
}

// multiTIFF reads every page of a TIFF file. golang.org/x/image/tiff decodes
// only the first directory of a file, so before each page the header is made
// to point at that page's directory.
type multiTIFF struct {
	data  []byte
	order binary.ByteOrder
	at    []uint32
	dirs  []directory
	lim   Limits
}

func openTIFF(data []byte, lim Limits) (*multiTIFF, error) {
	order, at, ok := tiffHeader(data)
	if !ok {
		return nil, refused{why: Damaged}
	}
	t := &multiTIFF{data: append([]byte(nil), data...), order: order, lim: lim}
	seen := map[uint32]bool{}
	for at != 0 {
		d, ok := readDirectory(data, order, at)
		if !ok || seen[at] {
			return nil, refused{why: Damaged}
		}
		seen[at] = true
		if !d.reduced {
			t.at, t.dirs = append(t.at, at), append(t.dirs, d)
		}
		if len(seen) > lim.Pages {
			return nil, refused{why: TooManyPages}
		}
		at = d.next
	}
	if len(t.at) == 0 {
		return nil, refused{why: Damaged}
	}
	return t, nil
}

func (t *multiTIFF) pages() int   { return len(t.at) }
func (t *multiTIFF) close() error { return nil }

func (t *multiTIFF) page(i int) (*image.Gray, error) {
	t.order.PutUint32(t.data[4:], t.at[i])
	g, err := decodeWithin(t.data, t.lim, tiff.DecodeConfig, tiff.Decode)
	if err != nil {
		return nil, err
	}
	return upright(g, t.dirs[i].orientation), nil
}
