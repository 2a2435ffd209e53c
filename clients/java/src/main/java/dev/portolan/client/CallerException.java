package dev.portolan.client;

/** The request is wrong, or its own timeout ran out, or it was cancelled. */
public final class CallerException extends PortolanException {
  private static final long serialVersionUID = 1;

  CallerException(Told told) {
    super(told);
  }
}
