package replica

import (
	"errors"
	"fmt"
	"time"

	"github.com/benbjohnson/litestream"
	"github.com/goccy/go-yaml"
)

// Config says how densely copies are kept and for how long. Its form is the
// part of Litestream's own configuration file that speaks of copies.
type Config struct {
	// Levels are the intervals at which small copies are merged into larger
	// ones, shortest first.
	Levels []Level `yaml:"levels"`
	// Snapshot is how often the whole database is copied, and how long such a
	// copy and all that follow it are kept: how far back a restore can go.
	Snapshot Snapshot `yaml:"snapshot"`
	// L0Retention is how long the smallest copies, one for each moment, are kept.
	L0Retention time.Duration `yaml:"l0-retention"`
	// L0RetentionCheckInterval is how often those past it are removed.
	L0RetentionCheckInterval time.Duration `yaml:"l0-retention-check-interval"`
	// Validation is how often the target is looked through for missing files.
	Validation Validation `yaml:"validation"`
}

// Level is one step of merging.
type Level struct {
	Interval time.Duration `yaml:"interval"`
}

// Snapshot is about copies of the whole database.
type Snapshot struct {
	Interval  time.Duration `yaml:"interval"`
	Retention time.Duration `yaml:"retention"`
}

// Validation is about looking for gaps in the target.
type Validation struct {
	Interval time.Duration `yaml:"interval"`
}

// ReadConfig reads the text of litestream.yml. A key that is not known is an
// error that shows its line; so is every value that could not work.
func ReadConfig(text []byte) (Config, error) {
	var c Config
	if err := yaml.UnmarshalWithOptions(text, &c, yaml.Strict()); err != nil {
		return Config{}, fmt.Errorf("read litestream.yml: %w", err)
	}
	if err := c.check(); err != nil {
		return Config{}, fmt.Errorf("litestream.yml: %w", err)
	}
	return c, nil
}

func (c Config) check() error {
	var errs []error
	positive := func(name string, d time.Duration) {
		if d <= 0 {
			errs = append(errs, fmt.Errorf("%s is missing or not above zero", name))
		}
	}
	if n := len(c.Levels); n == 0 || n > litestream.SnapshotLevel-1 {
		errs = append(errs, fmt.Errorf("levels: there are %d, allowed are 1 to %d", n, litestream.SnapshotLevel-1))
	}
	for i, l := range c.Levels {
		positive(fmt.Sprintf("levels[%d].interval", i), l.Interval)
		if i > 0 && l.Interval <= c.Levels[i-1].Interval {
			errs = append(errs, fmt.Errorf("levels[%d].interval is not longer than the one before it", i))
		}
	}
	positive("snapshot.interval", c.Snapshot.Interval)
	positive("snapshot.retention", c.Snapshot.Retention)
	if c.Snapshot.Retention < c.Snapshot.Interval {
		errs = append(errs, errors.New("snapshot.retention is shorter than snapshot.interval: nothing would be left to restore from"))
	}
	positive("l0-retention", c.L0Retention)
	positive("l0-retention-check-interval", c.L0RetentionCheckInterval)
	positive("validation.interval", c.Validation.Interval)
	return errors.Join(errs...)
}

func (c Config) levels() litestream.CompactionLevels {
	levels := litestream.CompactionLevels{{Level: 0}}
	for i, l := range c.Levels {
		levels = append(levels, &litestream.CompactionLevel{Level: i + 1, Interval: l.Interval})
	}
	return levels
}
