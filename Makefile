# make kiosk   plays the gallery           make test    runs every test
# make lint    checks style and types      make bench   measures speed and memory
# make paper-small   goes the paper's whole way, from data to tables, at a small scale
#
# Each sets up what it needs, once: Debian packages, then a virtual environment in .venv.
# Words for the program go into ARGS:  make kiosk ARGS="--windowed --run-for 60"
#                                      make test ARGS="-m 'not e2e' tests/art2mus"

.DEFAULT_GOAL := kiosk
.PHONY: kiosk test lint bench rehearse chaos paper-small
.DELETE_ON_ERROR:

PYTHON ?= python3
ARGS ?=
BIN := .venv/bin

# OpenMP threads that wait must not spin while sound and screen want the processor: everything
# would be 3 to 10 times slower.
export OMP_WAIT_POLICY := passive
export GOMP_SPINCOUNT := 0
export PIP_DISABLE_PIP_VERSION_CHECK := 1

# Sound, synthesizer, and the libraries that Qt loads at run time.
KIOSK_PACKAGES := python3-venv libportaudio2 libasound2-plugins libfluidsynth3 fonts-dejavu-core \
	libegl1 libgl1 libglib2.0-0 libdbus-1-3 libfontconfig1 libxkbcommon-x11-0 libxcb-cursor0 libxcb-icccm4 \
	libxcb-image0 libxcb-keysyms1 libxcb-randr0 libxcb-render-util0 libxcb-shape0 libxcb-sync1 libxcb-xfixes0 libxcb-xkb1 \
	libxss1
# A virtual screen and a virtual loudspeaker.
TEST_PACKAGES := xvfb pulseaudio pulseaudio-utils gcc libc6-dev

kiosk: .venv/kiosk.stamp
	@exec $(BIN)/python main.py $(ARGS)

# Most tests share the cores; those that are held to seconds have the machine to themselves.
test: .venv/develop.stamp
ifeq ($(strip $(ARGS)),)
	@OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile -m "not alone and not e2e" tests art2mus installation
	@$(BIN)/python -m pytest -m "alone or e2e" tests
else
	@$(BIN)/python -m pytest $(ARGS)
endif

lint: .venv/develop.stamp
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy

bench: .venv/develop.stamp
	@$(BIN)/python -m bench $(ARGS)

rehearse: .venv/develop.stamp
	@$(BIN)/python -m tests.rehearse $(ARGS)

chaos: .venv/develop.stamp
	@$(BIN)/python -m tests.chaos $(ARGS)

paper-small: .venv/develop.stamp
	@PYTHON=$(BIN)/python scripts/paper-small

.venv/kiosk.stamp: pyproject.toml constraints.txt Makefile
	@scripts/debian-packages $(KIOSK_PACKAGES)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and \
	    "Python 3.11 or newer is needed, $(PYTHON) is %d.%d; name another: make kiosk PYTHON=python3.12" % sys.version_info[:2])'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing into .venv (several minutes on a slow network)"
	@$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable .
	@touch $@

.venv/develop.stamp: .venv/kiosk.stamp
	@scripts/debian-packages $(TEST_PACKAGES)
	@$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[heic,lint,study,test,train]'
	@# ImageBind as published, to compare with; what it says it needs is of another age.
	@$(BIN)/python -m pip install --quiet --constraint constraints.txt --no-deps imagebind-unofficial
	@touch $@
