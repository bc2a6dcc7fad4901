// Package crypt makes what leaves the town hall unreadable to whoever keeps
// it: objects are encrypted with data keys (データ鍵), and data keys are wrapped
// to the identities (鍵) of the machines and of an escrow.
//
// Promises: an object that was changed, cut, or put in another's place is
// noticed before any byte of the changed part is used; the size of the clear
// text follows exactly from the size of the object, and the other way round.
package crypt

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

const (
	magic      = "MDGCRYP1"
	saltSize   = 32
	tagSize    = 16
	chunkSize  = 64 << 10 // of clear text
	sealedSize = chunkSize + tagSize
	// HeaderSize is what stands in the clear before the chunks: magic, key
	// number, salt, and room that is zero.
	HeaderSize = 64
)

// ErrDamaged means that an object is not what was encrypted under its name.
var ErrDamaged = errors.New("the encrypted object was changed, cut or moved")

// SealedSize is the size of an object whose clear text has n bytes.
func SealedSize(n int64) int64 {
	return HeaderSize + n + tagSize*chunks(n)
}

func chunks(n int64) int64 { return max(1, (n+chunkSize-1)/chunkSize) }

// ClearSize is the size of the clear text of an object with n bytes, or an
// error if no clear text has such an object.
func ClearSize(n int64) (int64, error) {
	body := n - HeaderSize
	if body < tagSize {
		return 0, fmt.Errorf("%d bytes: %w", n, ErrDamaged)
	}
	clear := body - tagSize*((body+sealedSize-1)/sealedSize)
	if clear < 0 || SealedSize(clear) != n {
		return 0, fmt.Errorf("%d bytes: %w", n, ErrDamaged)
	}
	return clear, nil
}

// IsSealed reports whether an object begins as encrypted ones do.
func IsSealed(start []byte) bool {
	return len(start) >= len(magic) && string(start[:len(magic)]) == magic
}

// box encrypts or decrypts the chunks of one object.
type box struct {
	aead cipher.AEAD
	aad  []byte
}

func newBox(key *DataKey, header []byte, name string) (*box, error) {
	salt := header[len(magic)+idSize:][:saltSize]
	secret, err := hkdf.Key(sha256.New, key.Secret[:], salt, "madoguchi object", 32)
	if err != nil {
		return nil, fmt.Errorf("derive object key: %w", err)
	}
	block, err := aes.NewCipher(secret)
	if err != nil {
		return nil, fmt.Errorf("prepare cipher: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("prepare cipher: %w", err)
	}
	return &box{aead: aead, aad: append(append([]byte{}, header...), name...)}, nil
}

// nonce never repeats under one object key: the key is new for each object,
// and the number new for each chunk.
func nonce(chunk int64, last bool) []byte {
	n := make([]byte, 12)
	binary.BigEndian.PutUint64(n, uint64(chunk))
	if last {
		n[8] = 1
	}
	return n
}

// Seal encrypts what r gives into w, as the object with this name.
func Seal(w io.Writer, r io.Reader, key *DataKey, name string) error {
	header := make([]byte, HeaderSize)
	copy(header, magic)
	copy(header[len(magic):], key.ID[:])
	if _, err := rand.Read(header[len(magic)+idSize:][:saltSize]); err != nil {
		return fmt.Errorf("make salt: %w", err)
	}
	b, err := newBox(key, header, name)
	if err != nil {
		return err
	}
	if _, err := w.Write(header); err != nil {
		return err
	}
	// One byte more than a chunk tells whether another follows.
	buf := make([]byte, chunkSize+1)
	out := make([]byte, 0, sealedSize)
	have := 0
	for chunk := int64(0); ; chunk++ {
		n, err := io.ReadFull(r, buf[have:])
		have += n
		last := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
		if err != nil && !last {
			return err
		}
		if _, err := w.Write(b.aead.Seal(out, nonce(chunk, last), buf[:min(have, chunkSize)], b.aad)); err != nil {
			return err
		}
		if last {
			return nil
		}
		buf[0] = buf[chunkSize]
		have = 1
	}
}

// Source gives bytes of an object: size bytes from offset, and how many the
// whole object has. It may give fewer at the object's end.
type Source func(offset, size int64) (body io.ReadCloser, total int64, err error)

// Open gives size bytes of the clear text from offset, or all to the end where
// size is 0. The body that it returns fails with ErrDamaged before it would give
// a byte that was not encrypted so.
func Open(source Source, keys *Keyring, name string, offset, size int64) (io.ReadCloser, error) {
	first := offset / chunkSize
	var want int64 // of the object, from its start or from the first chunk
	if size > 0 {
		want = ((offset+size+chunkSize-1)/chunkSize - first) * sealedSize
	}
	start := int64(0)
	if first == 0 && want > 0 {
		want += HeaderSize
	}
	if first > 0 {
		want0 := int64(HeaderSize)
		head, total, err := source(0, want0)
		if err != nil {
			return nil, err
		}
		defer head.Close()
		b, err := readHeader(head, keys, name)
		if err != nil {
			return nil, err
		}
		start = HeaderSize + first*sealedSize
		if start >= total {
			return io.NopCloser(eof{}), nil
		}
		body, total, err := source(start, want)
		if err != nil {
			return nil, err
		}
		return newReader(body, b, first, total, offset, size)
	}
	body, total, err := source(start, want)
	if err != nil {
		return nil, err
	}
	b, err := readHeader(body, keys, name)
	if err != nil {
		return nil, errors.Join(err, body.Close())
	}
	return newReader(body, b, 0, total, offset, size)
}

type eof struct{}

func (eof) Read([]byte) (int, error) { return 0, io.EOF }

func readHeader(r io.Reader, keys *Keyring, name string) (*box, error) {
	header := make([]byte, HeaderSize)
	if _, err := io.ReadFull(r, header); err != nil {
		return nil, fmt.Errorf("read start of encrypted object: %w", cut(err))
	}
	if !IsSealed(header) {
		return nil, fmt.Errorf("no encrypted object: %w", ErrDamaged)
	}
	key, err := keys.find(ID(header[len(magic):][:idSize]))
	if err != nil {
		return nil, err
	}
	return newBox(key, header, name)
}

func cut(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return ErrDamaged
	}
	return err
}

// reader decrypts chunk after chunk.
type reader struct {
	body  io.ReadCloser
	box   *box
	chunk int64
	all   int64 // chunks of the whole object
	skip  int64 // clear bytes before the offset in the first chunk
	left  int64 // clear bytes still wanted; negative means all
	in    []byte
	ready []byte
}

func newReader(body io.ReadCloser, b *box, first, total, offset, size int64) (io.ReadCloser, error) {
	clear, err := ClearSize(total)
	if err != nil {
		return nil, errors.Join(err, body.Close())
	}
	r := &reader{body: body, box: b, chunk: first, all: chunks(clear), skip: offset - first*chunkSize, left: -1, in: make([]byte, sealedSize)}
	if size > 0 {
		r.left = size
	}
	return r, nil
}

func (r *reader) Read(p []byte) (int, error) {
	for len(r.ready) == 0 {
		if r.left == 0 || r.chunk == r.all {
			return 0, io.EOF
		}
		if err := r.next(); err != nil {
			return 0, err
		}
	}
	n := copy(p, r.ready)
	r.ready = r.ready[n:]
	return n, nil
}

func (r *reader) next() error {
	last := r.chunk == r.all-1
	n, err := io.ReadFull(r.body, r.in)
	if err != nil && (!last || !errors.Is(err, io.ErrUnexpectedEOF)) {
		return fmt.Errorf("chunk %d: %w", r.chunk, cut(err))
	}
	clear, err := r.box.aead.Open(r.in[:0], nonce(r.chunk, last), r.in[:n], r.box.aad)
	if err != nil {
		return fmt.Errorf("chunk %d: %w", r.chunk, ErrDamaged)
	}
	r.chunk++
	clear = clear[min(r.skip, int64(len(clear))):]
	r.skip = 0
	if r.left >= 0 {
		clear = clear[:min(r.left, int64(len(clear)))]
		r.left -= int64(len(clear))
	}
	r.ready = clear
	return nil
}

func (r *reader) Close() error { return r.body.Close() }
