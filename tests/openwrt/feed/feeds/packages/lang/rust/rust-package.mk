# As in the packages feed (but for a `+`, which make would run in a rehearsal): flags become part of the environment when this is read, a profile when it is used.
RUST_ARCH_DEPENDS:=@(aarch64||arm||mips||mipsel||riscv64||x86_64)
CARGO_RUSTFLAGS+=-Ctarget-feature=-crt-static
CARGO_PKG_CONFIG_VARS:=RUSTFLAGS="$(CARGO_RUSTFLAGS)"
CARGO_PKG_PROFILE:=release
CARGO_PKG_ARGS=--locked

define Build/Compile/Cargo
	$(CARGO_PKG_CONFIG_VARS) cargo install -v --profile $(CARGO_PKG_PROFILE) $(if $(strip $(RUST_PKG_FEATURES)),--features "$(strip $(RUST_PKG_FEATURES))") --root $(PKG_INSTALL_DIR) --path "$(PKG_BUILD_DIR)" $(CARGO_PKG_ARGS)
endef

define RustBinPackage
  ifndef Package/$(1)/install
    $$(error $(1) would take all of bin)
  endif
endef

Build/Compile=$(call Build/Compile/Cargo)
