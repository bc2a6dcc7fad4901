package qr

import (
	"strings"
	"testing"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/common/reedsolomon"
	"github.com/makiuchi-d/gozxing/qrcode/decoder"
	"github.com/makiuchi-d/gozxing/qrcode/encoder"
	"golang.org/x/text/encoding/japanese"
)

// piece writes one segment or header into a bit stream. Encoders at hand write
// neither kanji mode beside bytes nor structured append, so the tests write
// their own streams.
type piece func(b *bitWriter)

type bitWriter struct {
	bits    []bool
	version int
}

func (b *bitWriter) put(v, n int) {
	for i := n - 1; i >= 0; i-- {
		b.bits = append(b.bits, v>>i&1 == 1)
	}
}

func numeric(s string) piece {
	return func(b *bitWriter) {
		s := s // a stream is written again for every version tried
		b.put(1, 4)
		b.put(len(s), countBits(Numeric, b.version))
		for len(s) > 0 {
			n := min(3, len(s))
			v := 0
			for _, c := range s[:n] {
				v = v*10 + int(c-'0')
			}
			b.put(v, []int{0, 4, 7, 10}[n])
			s = s[n:]
		}
	}
}

func alphanumeric(s string) piece {
	return func(b *bitWriter) {
		s := s
		b.put(2, 4)
		b.put(len(s), countBits(Alphanumeric, b.version))
		for len(s) > 1 {
			b.put(strings.IndexByte(alphabet, s[0])*45+strings.IndexByte(alphabet, s[1]), 11)
			s = s[2:]
		}
		if len(s) == 1 {
			b.put(strings.IndexByte(alphabet, s[0]), 6)
		}
	}
}

func plainBytes(s string) piece {
	return func(b *bitWriter) {
		b.put(4, 4)
		b.put(len(s), countBits(Byte, b.version))
		for i := range len(s) {
			b.put(int(s[i]), 8)
		}
	}
}

// kanji takes Shift_JIS pairs of the ranges kanji mode can hold.
func kanji(sjis string) piece {
	return func(b *bitWriter) {
		b.put(8, 4)
		b.put(len(sjis)/2, countBits(Kanji, b.version))
		for i := 0; i < len(sjis); i += 2 {
			v := int(sjis[i])<<8 | int(sjis[i+1])
			if v >= 0xe040 {
				v -= 0xc140
			} else {
				v -= 0x8140
			}
			b.put(v>>8*0xc0+v&0xff, 13)
		}
	}
}

func eci(n int) piece { return func(b *bitWriter) { b.put(7, 4); b.put(n, 8) } }
func fnc1() piece     { return func(b *bitWriter) { b.put(5, 4) } }
func part(index, total int, parity byte) piece {
	return func(b *bitWriter) { b.put(3, 4); b.put(index, 4); b.put(total-1, 4); b.put(int(parity), 8) }
}

func sjis(t testing.TB, s string) string {
	t.Helper()
	out, err := japanese.ShiftJIS.NewEncoder().String(s)
	if err != nil {
		t.Fatalf("encode %q: %v", s, err)
	}
	return out
}

// symbol lays pieces out as the smallest code of error correction level M.
func symbol(t testing.TB, pieces ...piece) [][]bool { return symbolFrom(t, 1, pieces...) }

// symbolFrom is symbol with a smallest version.
func symbolFrom(t testing.TB, version int, pieces ...piece) [][]bool {
	t.Helper()
	for ; version <= 40; version++ {
		v, err := decoder.Version_GetVersionForNumber(version)
		if err != nil {
			t.Fatalf("version %d: %v", version, err)
		}
		blocks := v.GetECBlocksForLevel(decoder.ErrorCorrectionLevel_M)
		capacity := v.GetTotalCodewords() - blocks.GetTotalECCodewords()
		w := &bitWriter{version: version}
		for _, p := range pieces {
			p(w)
		}
		if len(w.bits) > 8*capacity {
			continue
		}
		return lay(t, v, protect(blocks, fill(w, capacity)))
	}
	t.Fatal("pieces do not fit any code")
	return nil
}

// fill ends the stream and pads it to capacity bytes.
func fill(w *bitWriter, capacity int) []byte {
	w.put(0, min(4, 8*capacity-len(w.bits)))
	for len(w.bits)%8 != 0 {
		w.bits = append(w.bits, false)
	}
	out := make([]byte, len(w.bits)/8)
	for i, bit := range w.bits {
		if bit {
			out[i/8] |= 0x80 >> (i % 8)
		}
	}
	for pad := byte(0xec); len(out) < capacity; pad ^= 0xec ^ 0x11 {
		out = append(out, pad)
	}
	return out
}

// protect adds the error correction and interleaves the blocks.
func protect(blocks *decoder.ECBlocks, data []byte) []byte {
	ec := blocks.GetECCodewordsPerBlock()
	var words [][]int
	for _, b := range blocks.GetECBlocks() {
		for range b.GetCount() {
			block := make([]int, b.GetDataCodewords()+ec)
			for i := range b.GetDataCodewords() {
				block[i] = int(data[i])
			}
			data = data[b.GetDataCodewords():]
			if err := reedsolomon.NewReedSolomonEncoder(reedsolomon.GenericGF_QR_CODE_FIELD_256).Encode(block, ec); err != nil {
				panic(err)
			}
			words = append(words, block)
		}
	}
	var out []byte
	longest := len(words[len(words)-1]) - ec
	for i := range longest {
		for _, w := range words {
			if i < len(w)-ec {
				out = append(out, byte(w[i]))
			}
		}
	}
	for i := range ec {
		for _, w := range words {
			out = append(out, byte(w[len(w)-ec+i]))
		}
	}
	return out
}

func lay(t testing.TB, v *decoder.Version, words []byte) [][]bool {
	t.Helper()
	bits := gozxing.NewEmptyBitArray()
	for _, w := range words {
		if err := bits.AppendBits(int(w), 8); err != nil {
			t.Fatal(err)
		}
	}
	n := v.GetDimensionForVersion()
	m := encoder.NewByteMatrix(n, n)
	mask := len(words) % 8
	if err := encoder.MatrixUtil_buildMatrix(bits, decoder.ErrorCorrectionLevel_M, v, mask, m); err != nil {
		t.Fatal(err)
	}
	out := make([][]bool, n)
	for y := range out {
		out[y] = make([]bool, n)
		for x := range out[y] {
			out[y][x] = m.Get(x, y) == 1
		}
	}
	return out
}
