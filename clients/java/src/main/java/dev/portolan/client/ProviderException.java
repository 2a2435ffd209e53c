package dev.portolan.client;

/** The provider refused or failed. */
public final class ProviderException extends PortolanException {
  private static final long serialVersionUID = 1;

  ProviderException(Told told) {
    super(told);
  }
}
