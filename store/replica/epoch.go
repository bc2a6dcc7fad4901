package replica

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/benbjohnson/litestream"
	"github.com/superfly/ltx"

	"madoguchi/store/crypt"
)

// Epoch is one server's turn at writing the copies (世代). Each turn has a
// folder of its own in the target, so that whoever was succeeded cannot touch
// what the successor writes. Epochs are ordered by number, then by node.
type Epoch struct {
	Number int
	Node   string
}

var epochPattern = regexp.MustCompile(`^([0-9]{8})-([a-z0-9]{1,32})$`)

func (e Epoch) String() string { return fmt.Sprintf("%08d-%s", e.Number, e.Node) }

func (e Epoch) compare(o Epoch) int {
	return cmp.Or(cmp.Compare(e.Number, o.Number), cmp.Compare(e.Node, o.Node))
}

func parseEpoch(text string) (Epoch, bool) {
	m := epochPattern.FindStringSubmatch(text)
	if m == nil {
		return Epoch{}, false
	}
	n, err := strconv.Atoi(m[1])
	return Epoch{n, m[2]}, err == nil && n > 0
}

// root is the epoch's folder in the target.
func (e Epoch) root() string { return "e" + e.String() }

func (e Epoch) folder(level int) string {
	return litestream.LTXLevelDir(e.root(), level) + "/"
}

func (e Epoch) slot(level int, minTXID, maxTXID ltx.TXID) string {
	return litestream.LTXFilePath(e.root(), level, minTXID, maxTXID)
}

const (
	claimFolder    = "claims/"
	manifestFolder = "epochs/"
	beatFolder     = "hb/"
	keyFolder      = "keys/"
	probeKey       = "probe.json"
)

// claim says that a node begins an epoch. It is written before anything else
// of the epoch and never changed.
type claim struct {
	Mode Mode      `json:"mode"`
	At   time.Time `json:"at"`
}

// Manifest says what an epoch begins from. It is written once the epoch holds
// a whole copy, before any write of the epoch is answered.
type Manifest struct {
	Epoch     Epoch     `json:"-"`
	Base      string    `json:"base,omitempty"` // epoch that it continues, "" for none
	BaseTXID  uint64    `json:"base_txid"`      // last file of it that counts
	StartedAt time.Time `json:"started_at"`
}

// Beat is what a server says of itself every other second (心拍).
type Beat struct {
	Epoch       string    `json:"epoch"`
	Counter     int64     `json:"counter"`
	CommitSeq   int64     `json:"commit_seq"` // newest that is in the target
	CommittedAt time.Time `json:"committed_at"`
	Version     int       `json:"schema"`
	// ReadableFrom is the schema that a successor's program must know at least.
	ReadableFrom int    `json:"readable_from"`
	Policy       Policy `json:"policy"` // a successor must not come by itself after Local
}

// place is an open target: its objects and the keys to read them.
type place struct {
	target Target
	bucket bucket
	keys   *crypt.Keyring // nil where copies are not encrypted
}

func (p *place) putJSON(ctx context.Context, key string, v any, once bool) error {
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("write %s: %w", key, err)
	}
	put := p.bucket.put
	if once {
		put = p.bucket.putNew
	}
	if err := put(ctx, key, bytes.NewReader(text)); err != nil {
		return fmt.Errorf("write %s: %w", key, err)
	}
	return nil
}

func (p *place) getJSON(ctx context.Context, key string, v any) error {
	text, err := read(ctx, p.bucket, key)
	if err != nil {
		return fmt.Errorf("read %s: %w", key, err)
	}
	if err := json.Unmarshal(text, v); err != nil {
		return fmt.Errorf("read %s: %w", key, err)
	}
	return nil
}

// claims lists the epochs that were ever begun after a given one, oldest first.
func (p *place) claims(ctx context.Context, after Epoch) ([]Epoch, error) {
	from := ""
	if after != (Epoch{}) {
		from = claimFolder + after.String()
	}
	objects, err := p.bucket.list(ctx, claimFolder, from)
	if err != nil {
		return nil, fmt.Errorf("list claims: %w", err)
	}
	var all []Epoch
	for _, o := range objects {
		if e, ok := parseEpoch(strings.TrimPrefix(o.key, claimFolder)); ok {
			all = append(all, e)
		}
	}
	slices.SortFunc(all, Epoch.compare)
	return all, nil
}

func (p *place) manifests(ctx context.Context) ([]Manifest, error) {
	objects, err := p.bucket.list(ctx, manifestFolder, "")
	if err != nil {
		return nil, fmt.Errorf("list epochs: %w", err)
	}
	var all []Manifest
	for _, o := range objects {
		e, ok := parseEpoch(strings.TrimSuffix(strings.TrimPrefix(o.key, manifestFolder), ".json"))
		if !ok {
			continue
		}
		m := Manifest{}
		if err := p.getJSON(ctx, o.key, &m); err != nil {
			return nil, err
		}
		m.Epoch = e
		all = append(all, m)
	}
	slices.SortFunc(all, func(a, b Manifest) int { return a.Epoch.compare(b.Epoch) })
	return all, nil
}

// lastFile is the number of the newest file of changes of an epoch, 0 for none,
// and whether a seal stands behind it.
func (p *place) lastFile(ctx context.Context, e Epoch, from ltx.TXID) (last ltx.TXID, sealed bool, err error) {
	after := ""
	if from > 0 {
		after = e.slot(0, from, from)
	}
	objects, err := p.bucket.list(ctx, e.folder(0), after)
	if err != nil {
		return 0, false, fmt.Errorf("list copies of %s: %w", e, err)
	}
	last = from
	for _, o := range objects {
		_, high, err := ltx.ParseFilename(o.key[strings.LastIndex(o.key, "/")+1:])
		if err != nil {
			continue
		}
		if o.size != sealSize {
			last = max(last, high)
		} else if high == last+1 {
			return last, true, nil // one further on would leave a gap to write into
		}
	}
	return last, false, nil
}

// readKeys opens the data keys in the target. Without any key object copies
// are not encrypted.
func (p *place) readKeys(ctx context.Context, identities crypt.Identities) (*crypt.Keyring, []KeyInfo, error) {
	objects, err := p.bucket.list(ctx, keyFolder, "")
	if err != nil {
		return nil, nil, fmt.Errorf("list data keys: %w", err)
	}
	ring := &crypt.Keyring{}
	var infos []KeyInfo
	opened := false
	for _, o := range objects {
		text, err := read(ctx, p.bucket, o.key)
		if err != nil {
			return nil, nil, fmt.Errorf("read data key: %w", err)
		}
		info := KeyInfo{Name: strings.TrimPrefix(o.key, keyFolder), WrappedAt: o.at}
		key, err := crypt.Unwrap(text, identities)
		switch {
		case err == nil:
			ring.Add(key)
			opened, info.Opens, info.MadeAt, info.ID, info.To = true, true, key.MadeAt, key.ID, key.To
		case !errors.Is(err, crypt.ErrNoKey):
			return nil, nil, fmt.Errorf("data key %s: %w", info.Name, err)
		}
		infos = append(infos, info)
	}
	if len(infos) == 0 {
		return nil, nil, nil
	}
	if !opened {
		return nil, infos, crypt.ErrNoKey
	}
	return ring, infos, nil
}

// KeyInfo describes a wrapped data key in the target.
type KeyInfo struct {
	Name      string
	ID        crypt.ID
	MadeAt    time.Time
	WrappedAt time.Time
	Opens     bool     // an identity at hand opens it
	To        []string // recipients, where it could be opened
}

// ErrFenced means that another server has taken over (引き継がれた): this one
// must not answer any more, and what it has not copied may be lost.
var ErrFenced = errors.New("another server has taken over")

// node returns the name under which this database's server writes. It is made
// once and kept beside the database.
func node(meta string) (string, error) {
	path := nodeFile(meta)
	text, err := os.ReadFile(path)
	if err == nil {
		if name := strings.TrimSpace(string(text)); epochPattern.MatchString("00000001-" + name) {
			return name, nil
		}
		return "", fmt.Errorf("%s holds no name", path)
	}
	if !errors.Is(err, os.ErrNotExist) {
		return "", fmt.Errorf("read own name: %w", err)
	}
	id := newNode()
	if err := os.MkdirAll(meta, 0o750); err != nil {
		return "", fmt.Errorf("make folder for local copies: %w", err)
	}
	return id, writeWhole(path, []byte(id+"\n"))
}
