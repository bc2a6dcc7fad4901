package crypt

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"testing"
	"time"
)

func ring(t *testing.T) *Keyring {
	t.Helper()
	key, err := NewDataKey(time.Now(), nil)
	if err != nil {
		t.Fatal(err)
	}
	k := &Keyring{Current: key}
	k.Add(key)
	return k
}

func source(object []byte) Source {
	return func(offset, size int64) (io.ReadCloser, int64, error) {
		part := object[min(offset, int64(len(object))):]
		if size > 0 {
			part = part[:min(size, int64(len(part)))]
		}
		return io.NopCloser(bytes.NewReader(part)), int64(len(object)), nil
	}
}

func sealed(t *testing.T, k *Keyring, clear []byte, name string) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := Seal(&out, bytes.NewReader(clear), k.Current, name); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func read(object []byte, k *Keyring, name string, offset, size int64) ([]byte, error) {
	rc, err := Open(source(object), k, name, offset, size)
	if err != nil {
		return nil, err
	}
	defer rc.Close()
	return io.ReadAll(rc)
}

var sizes = []int64{0, 1, 99, chunkSize - 1, chunkSize, chunkSize + 1, 2*chunkSize - 1, 2 * chunkSize, 2*chunkSize + 17, 5 * chunkSize, 5*chunkSize + 1}

func TestEveryRangeOfAnObjectComesBack(t *testing.T) {
	k := ring(t)
	random := rand.New(rand.NewPCG(1, 2))
	for _, n := range sizes {
		clear := make([]byte, n)
		for i := range clear {
			clear[i] = byte(random.Uint32())
		}
		object := sealed(t, k, clear, "a")
		if int64(len(object)) != SealedSize(n) {
			t.Fatalf("%d bytes: got an object of %d, want %d", n, len(object), SealedSize(n))
		}
		if got, err := ClearSize(int64(len(object))); err != nil || got != n {
			t.Errorf("%d bytes: got %d, %v from the object's size", n, got, err)
		}
		for i := range 100 {
			var offset, size int64
			if i > 0 && n > 0 {
				offset = random.Int64N(n)
				size = random.Int64N(n - offset + 1)
			}
			want := clear[offset:]
			if size > 0 {
				want = want[:size]
			}
			got, err := read(object, k, "a", offset, size)
			if err != nil || !bytes.Equal(got, want) {
				t.Fatalf("%d bytes, %d from %d: got %d bytes, %v", n, size, offset, len(got), err)
			}
		}
	}
}

func TestChangedCutOrMovedObjectIsNoticed(t *testing.T) {
	k := ring(t)
	clear := bytes.Repeat([]byte("窓口"), 40_000)
	object := sealed(t, k, clear, "a")
	random := rand.New(rand.NewPCG(3, 4))
	for range 200 {
		bad := bytes.Clone(object)
		bad[random.IntN(len(bad))] ^= 1 << random.IntN(8)
		if _, err := read(bad, k, "a", 0, 0); err == nil {
			t.Fatal("a flipped bit went unnoticed")
		}
	}
	for _, n := range []int{0, 10, HeaderSize, HeaderSize + sealedSize, HeaderSize + 2*sealedSize, len(object) - 1} {
		if _, err := read(object[:n], k, "a", 0, 0); !errors.Is(err, ErrDamaged) {
			t.Errorf("cut to %d: got %v, want ErrDamaged", n, err)
		}
	}
	if _, err := read(object, k, "b", 0, 0); !errors.Is(err, ErrDamaged) {
		t.Errorf("moved: got %v, want ErrDamaged", err)
	}
	if _, err := read(object, ring(t), "a", 0, 0); !errors.Is(err, ErrNoKey) {
		t.Errorf("other key: got %v, want ErrNoKey", err)
	}
}

func TestAnyRecipientOpensADataKeyAndNobodyElse(t *testing.T) {
	dir := t.TempDir()
	a, b, other := identity(t, dir, "a"), identity(t, dir, "b"), identity(t, dir, "c")
	key := ring(t).Current
	text, err := Wrap(key, append(a.Recipients(), b.Recipients()...))
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(text, key.Secret[:]) {
		t.Error("the wrapped key holds the key")
	}
	for _, ids := range []Identities{a, b} {
		got, err := Unwrap(text, ids)
		if err != nil || got.Secret != key.Secret || got.ID != key.ID {
			t.Errorf("got %v, want the key", err)
		}
	}
	if _, err := Unwrap(text, other); !errors.Is(err, ErrNoKey) {
		t.Errorf("got %v, want ErrNoKey", err)
	}
}

func TestKeyFromElsewhereIsNotUsedForNewObjects(t *testing.T) {
	now := time.Now()
	k := ring(t)
	first := k.Current
	next, err := NewDataKey(now.Add(time.Hour), first)
	if err != nil {
		t.Fatal(err)
	}
	k.Add(next)
	if err := k.Use(first.ID); err != nil || k.Current.ID != next.ID {
		t.Errorf("a rotated key: got %v", err)
	}
	strange, err := NewDataKey(now.Add(2*time.Hour), nil)
	if err != nil {
		t.Fatal(err)
	}
	k.Add(strange)
	if err := k.Use(first.ID); !errors.Is(err, ErrStrangeKey) {
		t.Errorf("got %v, want ErrStrangeKey", err)
	}
}
