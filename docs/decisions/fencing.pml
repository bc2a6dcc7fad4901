/* The fencing of docs/decisions/fencing.md.
 *
 * One primary writes files 1..FILES one after the other; each is answered when
 * its write is acknowledged (and, in readback, the claim was not seen after it).
 * One successor may take over at any moment; a second one may follow it. Every
 * step may be delayed for as long as any other process likes, which is what a
 * pause, a partition or a slow clock amounts to. An answer of the store may be
 * lost: the writer then tries again.
 *
 *   spin -DMODE=0 -search fencing.pml     once
 *   spin -DMODE=1 -search fencing.pml     readback
 *   spin -DMODE=0 -DBROKEN -search fencing.pml   must report an error; MODE=1 too
 */
#ifndef MODE
#define MODE 0
#endif
#define FILES 4
#define FREE 0
#define DATA 1
#define SEAL 2

byte slot[FILES + 3];      /* the keys of the primary's epoch */
bool answered[FILES + 1];  /* files whose writes were answered */
bool claimed = false;      /* a later epoch was claimed */
bool taken = false;        /* the successor has read its base */
byte base = 0;             /* last file that the successor continues */
bool stopped = false;      /* the primary knows that it was succeeded */

/* A write of the primary at key k; done: acknowledged, refused: key taken. */
proctype primary() {
	byte k = 1;
	bool ack;
	do
	:: k > FILES -> break
	:: k <= FILES ->
		ack = false;
		do
		:: ack -> break
		:: stopped -> goto end
		:: !ack && !stopped ->
#if MODE == 0 && !defined(BROKEN)
			/* conditional write, atomic at the store */
			atomic {
				if
				:: slot[k] == FREE -> slot[k] = DATA;
					if
					:: ack = true
					:: skip /* the answer is lost */
					fi
				:: slot[k] == DATA -> ack = true /* our own, read back */
				:: slot[k] == SEAL -> stopped = true
				fi
			}
#else
			atomic {
				slot[k] = DATA;
				if
				:: ack = true
				:: skip
				fi
			}
#endif
		od;
#if MODE == 1 && !defined(BROKEN)
		/* then the claims are read */
		if
		:: claimed -> stopped = true; goto end
		:: !claimed -> skip
		fi;
#endif
		answered[k] = true;
		/* no answered write may be missing from what was inherited */
		assert(!taken || k <= base);
		k++
	od;
end:
	skip
}

proctype successor() {
	byte last = 0, k;
	bool sealed = false;
	claimed = true;
#if MODE == 0
	do
	:: sealed -> break
	:: !sealed ->
		/* list: one look at the store */
		atomic {
			last = 0; k = 1;
			do
			:: k <= FILES && slot[k] == DATA -> last = k; k++
			:: else -> break
			od;
			sealed = (slot[last + 1] == SEAL)
		}
		if
		:: sealed -> skip
		:: !sealed ->
			/* conditional write of the seal; its answer may be lost, so
			   what counts is the next look */
			atomic {
				if
				:: slot[last + 1] == FREE -> slot[last + 1] = SEAL
				:: else -> skip
				fi
			}
		fi
	od;
#else
	atomic {
		last = 0; k = 1;
		do
		:: k <= FILES && slot[k] == DATA -> last = k; k++
		:: else -> break
		od
	}
#endif
	atomic {
		base = last; taken = true;
		k = 1;
		do
		:: k <= FILES -> assert(!answered[k] || k <= base); k++
		:: else -> break
		od
	}
}

init { atomic { run primary(); run successor() } }
